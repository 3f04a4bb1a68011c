"""Whisper by CTranslate2: a batch of windows of one length in, what was heard out. Blocking: call it in a thread."""

import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import tokenizers
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from contracts.audio import SAMPLE_RATE_HZ
from contracts.errors import Misconfigured
from stream_workers.decode import DecodeJob, HeardWord, Hypothesis

_FRAMES_PER_SECOND = 100
_SECONDS_PER_POSITION = 0.02
_PROMPT_TOKENS = 200
_MAX_LENGTH = 448
_MEL_FLOOR = 1e-10


class Whisper:
    """One loaded model, for use from ``hands`` threads at once; each window gets ``threads`` cores."""

    def __init__(
        self, folder: Path, device: str = "cpu", compute_type: str = "int8", threads: int = 0, hands: int = 1
    ) -> None:
        try:
            self._model = ctranslate2.models.Whisper(
                str(folder), device=device, compute_type=compute_type, intra_threads=threads, inter_threads=hands
            )
            self._vocabulary = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as exc:  # both libraries raise bare RuntimeError, ValueError or Exception
            raise Misconfigured(f"the speech model cannot be loaded on {device}: {exc}", source="speech") from exc
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        self._tokenizers: dict[str, Tokenizer] = {}
        self._suppressed: dict[str, list[int]] = {}

    @property
    def multilingual(self) -> bool:
        """Whether the model knows languages other than English."""
        return bool(self._model.is_multilingual)

    def decode(self, jobs: Sequence[DecodeJob]) -> list[Hypothesis]:
        """The answers to ``jobs``, which share beam and padded length (see ``scheduler``)."""
        started = time.perf_counter()
        encoded, frames = self._encode(jobs)
        detected = self._detect(jobs, encoded)
        chosen = [job.language or (langs[0][0] if langs else "en") for job, langs in zip(jobs, detected, strict=True)]
        results = self._generate(jobs, encoded, chosen)
        timed = self._align(jobs, encoded, chosen, results, frames)
        cost_s = (time.perf_counter() - started) / len(jobs)
        return [self._hypothesis(chosen[i], detected[i], results[i], timed[i], cost_s) for i in range(len(jobs))]

    def _encode(self, jobs: Sequence[DecodeJob]) -> tuple[Any, int]:
        total = int(max(job.padded_s for job in jobs) * SAMPLE_RATE_HZ)
        frames = 2 * (total * _FRAMES_PER_SECOND // SAMPLE_RATE_HZ // 2)
        batch = np.zeros((len(jobs), self._model.n_mels, frames), np.float32)
        for row, job in zip(batch, jobs, strict=True):
            sound = np.zeros(total, np.float32)
            sound[: len(job.pcm)] = job.pcm[:total].astype(np.float32) / 32768.0
            row[:] = self._features(sound, padding=160)[:, :frames]
        return self._model.encode(ctranslate2.StorageView.from_array(batch)), frames

    def _detect(self, jobs: Sequence[DecodeJob], encoded: Any) -> list[tuple[tuple[str, float], ...]]:
        if not self.multilingual or all(job.language for job in jobs):
            return [()] * len(jobs)
        found = self._model.detect_language(encoded)
        return [() if job.language else _allowed(langs, job.languages) for job, langs in zip(jobs, found, strict=True)]

    def _generate(self, jobs: Sequence[DecodeJob], encoded: Any, chosen: Sequence[str]) -> list[Any]:
        prompts = [self._prompt(job, language) for job, language in zip(jobs, chosen, strict=True)]
        # CTranslate2 wants prompts of one length in a batch: unequal ones go one after the other.
        if len({len(p) for p in prompts}) == 1:
            return list(self._answer(jobs, encoded, prompts))
        rows = np.array(encoded) if self._model.device == "cpu" else np.array(encoded.to_device(ctranslate2.Device.cpu))
        return [
            self._answer([job], ctranslate2.StorageView.from_array(rows[i : i + 1].copy()), [prompt])[0]
            for i, (job, prompt) in enumerate(zip(jobs, prompts, strict=True))
        ]

    def _answer(self, jobs: Sequence[DecodeJob], encoded: Any, prompts: list[list[int]]) -> Any:
        return self._model.generate(
            encoded,
            prompts,
            beam_size=jobs[0].beam,
            max_length=min(_MAX_LENGTH, len(prompts[0]) + max(job.max_tokens for job in jobs)),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=[-1],
        )

    def _prompt(self, job: DecodeJob, language: str) -> list[int]:
        tokenizer = self._tokenizer(language)
        before: list[int] = []
        if job.hotwords:
            before += tokenizer.encode(" " + job.hotwords)[: _PROMPT_TOKENS // 2]
        if job.prompt:
            before += tokenizer.encode(" " + job.prompt)[-_PROMPT_TOKENS // 2 :]
        head = [tokenizer.sot_prev, *before] if before else []
        prefix = tokenizer.encode(" " + job.prefix) if job.prefix else []
        mode = [] if job.stamped else [tokenizer.no_timestamps]
        return [*head, *tokenizer.sot_sequence, *mode, *prefix]

    def _align(
        self, jobs: Sequence[DecodeJob], encoded: Any, chosen: Sequence[str], results: Sequence[Any], frames: int
    ) -> list[list[HeardWord]]:
        tokens = [[t for t in r.sequences_ids[0] if t < self._tokenizer("en").eot] for r in results]
        plain = [self._words(language, ids) for language, ids in zip(chosen, tokens, strict=True)]
        wanted = [i for i, job in enumerate(jobs) if job.timed and tokens[i]]
        if len(set(chosen)) > 1 or len(wanted) < len(jobs):
            rows = np.array(encoded)
            groups = [(ctranslate2.StorageView.from_array(rows[i : i + 1].copy()), [i]) for i in wanted]
        else:
            groups = [(encoded, wanted)] if wanted else []
        for part, members in groups:
            start = self._tokenizer(chosen[members[0]]).sot_sequence
            # Feature frames with sound, not positions of the encoder: words after the last of them have no time.
            heard = [min(frames, 2 + int(jobs[i].seconds * _FRAMES_PER_SECOND)) for i in members]
            found = self._model.align(part, start, [tokens[i] for i in members], heard, median_filter_width=7)
            for i, alignment in zip(members, found, strict=True):
                plain[i] = _timed(plain[i], alignment)
        return [[HeardWord(text, s, e, p) for text, _, s, e, p in words] for words in plain]

    def _words(self, language: str, ids: list[int]) -> list[tuple[str, int, float, float, float]]:
        words, parts = self._tokenizer(language).split_to_word_tokens(ids)
        merged: list[tuple[str, int, float, float, float]] = []
        for word, part in zip(words, parts, strict=True):
            # A piece without letters or digits (punctuation) belongs to the word before it.
            if merged and not any(c.isalnum() for c in word):
                merged[-1] = (merged[-1][0] + word, merged[-1][1] + len(part), 0.0, 0.0, 1.0)
            else:
                merged.append((word, len(part), 0.0, 0.0, 1.0))
        return merged

    def _tokenizer(self, language: str) -> Tokenizer:
        if language not in self._tokenizers:
            self._tokenizers[language] = Tokenizer(
                self._vocabulary, self.multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]

    def _hypothesis(
        self, language: str, detected: tuple[tuple[str, float], ...], result: Any, words: list[HeardWord], cost_s: float
    ) -> Hypothesis:
        text = "".join(w.text for w in words).strip().encode()
        compression = len(text) / len(zlib.compress(text)) if text else 1.0
        return Hypothesis(
            tuple(words), language, detected, result.scores[0], result.no_speech_prob, compression, cost_s
        )


def _allowed(found: list[tuple[str, float]], allowed: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """Probabilities among the allowed languages, best first."""
    clean = [(token.strip("<|>"), p) for token, p in found]
    kept = [(code, p) for code, p in clean if not allowed or code in allowed] or clean
    total = sum(p for _, p in kept) or 1.0
    return tuple((code, p / total) for code, p in kept[:5])


def _timed(
    words: list[tuple[str, int, float, float, float]], alignment: Any
) -> list[tuple[str, int, float, float, float]]:
    """Words with start, end and probability from the attention's path."""
    pairs = np.array(alignment.alignments, dtype=np.int64)
    times = _onsets(pairs)
    probs = alignment.text_token_probs
    timed, token = [], 0
    for text, size, *_ in words:
        start = times[min(token, len(times) - 1)]
        end = times[min(token + size, len(times) - 1)]
        p = float(np.mean(probs[token : token + size])) if token < len(probs) else 0.0
        timed.append((text, size, float(start), float(max(start, end)), p))
        token += size
    return timed


def _onsets(pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Second at which each token begins."""
    changes = np.pad(np.diff(pairs[:, 0]), (1, 0), constant_values=1).astype(bool)
    onsets: NDArray[np.float64] = pairs[changes, 1] * _SECONDS_PER_POSITION
    return onsets
