"""What is spoken for what is written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.media.normalise import PAUSES, spoken_text, spoken_tokens


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("H2O", "H two O"),
        ("CO₂", "C O two"),
        ("C6H12O6.", "C six H twelve O six."),
        ("Ca(OH)2", "C A O H two"),
        ("NaCl", "N A C L"),
        ("NO3-", "N O three minus"),
        ("Ca²⁺", "C A two plus"),
        ("2H2 + O2 → 2H2O", "two H two plus O two yields two H two O"),
        ("5 m/s", "five meters per second"),
        ("9.8 m/s²", "nine point eight meters per second squared"),
        ("measured in m/s", "measured in meters per second"),
        ("3 m², 2 cm³", "three square meters, two cubic centimeters"),
        ("5 m s⁻¹", "five meters per second"),
        ("10 kg·m/s", "ten kilogram meters per second"),
        ("4.2 J/(g·K)", "four point two joules per gram kelvin"),
        ("1 N and 2 N", "one newton and two newtons"),
        ("10kg", "ten kilograms"),
        ("a 5-kg ball", "a five kilogram ball"),
        ("37 °C, 68°F", "thirty-seven degrees Celsius, sixty-eight degrees Fahrenheit"),
        ("at 5 pm", "at five pm"),
        ("45°", "forty-five degrees"),
        ("50%", "fifty percent"),
        ("5 kΩ", "five kiloohms"),
        ("1,234.50", "one thousand two hundred thirty-four point five zero"),
        ("007", "zero zero seven"),
        ("1" + ",000" * 400, "one" + " zero" * 1200),
        ("9" * 40 + "th", " ".join(["nine"] * 40)),
        (".05", "point zero five"),
        ("−3 and -4", "minus three and minus four"),
        ("3.0×10⁸", "three point zero times ten to the power of eight"),
        ("1.6e-19", "one point six times ten to the power of minus nineteen"),
        ("10⁻³", "ten to the power of minus three"),
        ("in 1687,", "in sixteen eighty-seven,"),
        ("since 1905", "since nineteen oh five"),
        ("Smith (1987).", "Smith, nineteen eighty-seven."),
        ("It was 2013.", "It was twenty thirteen."),
        ("a 12-cm-high cup", "a twelve centimeter high cup"),
        ("1.2×10−3", "one point two times ten to the power of minus three"),
        ("(0.5)(0.2)", "zero point five times zero point two"),
        ("20 ºC", "twenty degrees Celsius"),
        ("5 s1", "five S one"),
        ("in 1500 meters", "in one thousand five hundred meters"),
        ("the 1990s", "the nineteen nineties"),
        ("(1642–1727)", "sixteen forty-two to seventeen twenty-seven"),
        ("the 1st and 22nd", "the first and twenty-second"),
        ("1/2 or 3/4", "one half or three fourths"),
        ("½ and 2½", "one half and two and one half"),
        ("7/5", "seven over five"),
        ("5–10", "five to ten"),
        ("10:30 and 3:1", "ten thirty and three to one"),
        ("$5 million", "five million dollars"),
        ("$3.50", "three dollars and fifty cents"),
        ("$1.5 million or $2.5", "one point five million dollars or two point five dollars"),
        ("e.g., salt", "for example, salt"),
        ("i.e. salt", "that is salt"),
        ("Dr. Smith vs. Fig. 3", "doctor Smith versus figure three"),
        ("Eat a fig. Then rest.", "Eat a fig. Then rest."),
        ("the U.S. economy", "the U S economy"),
        ("sugar, salt, etc. Then", "sugar, salt, et cetera. Then"),
        ("ATP and NADPH", "A T P and N A D P H"),
        ("NADP+", "N A D P plus"),
        ("DNA's", "D N A's"),
        ("LEDs", "L E D's"),
        ("mRNA at pH 7", "M R N A at P H seven"),
        ("It is NOT so", "It is not so"),
        ("NASA", "nasa"),
        ("Photosystem II", "Photosystem two"),
        ("photosystem I", "photosystem one"),
        ("I am", "I am"),
        ("F = ma", "F equals M A"),
        ("F=ma", "F equals M A"),
        ("x² + y² ≈ 4", "X squared plus Y squared is about four"),
        ("f(x) = 3x", "F of X equals three X"),
        ("5 − 3 = 2", "five minus three equals two"),
        ("± 2, ≤ 5, < 3", "plus or minus two, is at most five, is less than three"),
        ("3 × 4 ÷ 2", "three times four divided by two"),
        ("Δx and λ", "delta X and lambda"),
        ("v₀ and F_net", "V zero and F net"),
        ("A plant. Point A is", "a plant. Point A is"),
        ("times a.", "times A."),
        ("and/or", "and or"),
        ("light-dependent", "light-dependent"),
        ("CO2-rich", "C O two rich"),
        ("carbon-14", "carbon fourteen"),
        ("acid–base", "acid base"),
        ("openstax.org", "openstax dot org"),
        ('"quoted" (in brackets) here', "quoted, in brackets, here"),
        ("a dash — here", "a dash, here"),
        ("one—two", "one, two"),
        ("Really?! Yes…", "Really? Yes,"),
        ("the students' work", "the students work"),
        ("don’t", "don't"),
        ("café", "café"),
    ],
)
def test_is_spoken_as(written: str, spoken: str) -> None:
    assert spoken_text(written) == spoken


def test_each_token_keeps_its_own_words() -> None:
    tokens = spoken_tokens("H2O moves — at 5 m/s.")

    assert [(token.written, " ".join(token.words)) for token in tokens] == [
        ("H2O", "H two O"),
        ("moves", "moves,"),
        ("—", ""),
        ("at", "at"),
        ("5", "five"),
        ("m/s.", "meters per second."),
    ]


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from("abxACHNO019.,-–—+=×/()[]'\"$%°²₂½αΔ^_{}\\…!?;: \t\n日😀\u0301\u200b"), max_size=30
    )
)
def test_any_text_becomes_words_that_a_voice_can_say(text: str) -> None:
    tokens = spoken_tokens(text)

    assert [token.written for token in tokens] == text.split()
    for word in (word for token in tokens for word in token.words):
        bare = word.rstrip(PAUSES)
        assert bare
        assert bare.replace("-", "").replace("'", "").isalpha()
        assert len(word) - len(bare) <= 1
