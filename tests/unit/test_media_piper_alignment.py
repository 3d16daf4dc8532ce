"""Words find their samples even where the phonemiser ran them together."""

from shared.adapters.piper_alignment import word_spans


def phonemes(text: str) -> list[str]:
    return list(text)


def test_words_of_their_own_are_cut_at_the_spaces() -> None:
    heard = phonemes("kˈæt sˈæt.")

    spans = word_spans(heard, [10] * len(heard), [phonemes("kˈæt"), phonemes("sˈæt.")])

    assert spans == [(0, 40), (50, 90)]


def test_words_that_were_run_together_are_told_apart() -> None:
    heard = phonemes("ˈɛnd ʌvðə wˈɔːl.")

    spans = word_spans(
        heard, [10] * len(heard), [phonemes("ˈɛnd"), phonemes("ˈʌv"), phonemes("ðə"), phonemes("wˈɔːl.")]
    )

    assert spans == [(0, 40), (50, 70), (70, 90), (100, 150)]


def test_a_word_that_was_split_in_two_is_one_span() -> None:
    heard = phonemes("ˈoʊpən stˈæks ɪz.")

    spans = word_spans(heard, [10] * len(heard), [phonemes("oʊpənstˈæks"), phonemes("ɪz.")])

    assert spans == [(0, 130), (140, 160)]


def test_a_reduced_vowel_is_still_the_word() -> None:
    heard = phonemes("ðɪ ˈɛnd.")

    assert word_spans(heard, [10] * len(heard), [phonemes("ðə"), phonemes("ˈɛnd.")]) == [(0, 20), (30, 70)]


def test_a_word_without_a_sound_is_empty_and_in_its_place() -> None:
    heard = phonemes("kˈæt sˈæt.")

    spans = word_spans(heard, [10] * len(heard), [phonemes("kˈæt"), [], phonemes("sˈæt.")])

    assert spans == [(0, 40), (40, 40), (50, 90)]
