"""The work of a stage's jobs in amounts, and the seconds that a machine needs for it."""

from dataclasses import dataclass, replace

from optical.estimate.rates import Rates

CPU_TOKENS, GPU_TOKENS = 1024, 65_536
"""Padded tokens of a batch that is embedded, as in models/embedding.py."""

WRITTEN_TOKENS = 16_384
"""Padded tokens of a batch that is translated on a GPU, as in training/translation.py; on a CPU it
has as many as one that is embedded."""

CONTEXT = 1.0e9
"""Bytes of a GPU that CUDA and its libraries take."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What each of a stage's like jobs does; the amounts are those of one job.

    stage: the rule. of: the encoder, teacher or student. program: what it loads, of `rates.START`.
    gpu: whether it uses one.

    batches: of a training. passes: parts of these that go forward and back through `layers` layers,
    each by itself. embedded: tokens that go forward alone, in batches of the machine's size.
    written: those of translations, a token at a time. operations: of matrices, of an encoder of a
    `width`. compared: operations of a loss on token vectors of a `dimension`. moved: bytes between
    memory and arithmetic. tokens: to be tokenised. rows: lines that are read, cleaned or written.
    scanned: operations of MaxSim.

    kept: bytes that a job leaves, of which `sure` at least; used: those that a finished study can
    do without. beside: bytes that lie there only while it runs. memory: bytes of the GPU, of which
    `least` surely.
    """

    stage: str
    of: str = ""
    jobs: int = 1
    program: str = "table"
    gpu: bool = False
    batches: float = 0.0
    passes: float = 0.0
    embedded: float = 0.0
    written: float = 0.0
    layers: int = 0
    operations: float = 0.0
    width: int = 768
    compared: float = 0.0
    dimension: int = 128
    moved: float = 0.0
    tokens: float = 0.0
    rows: float = 0.0
    scanned: float = 0.0
    kept: float = 0.0
    sure: float = 0.0
    used: float = 0.0
    beside: float = 0.0
    memory: float = 0.0
    least: float = 0.0

    def seconds(self, rates: Rates) -> float:
        """Seconds of one job on a machine: one GPU, or one core."""
        batch, written = (GPU_TOKENS, WRITTEN_TOKENS) if rates.is_gpu else (CPU_TOKENS, CPU_TOKENS)
        # Forward alone is a third of the way there and back.
        forward = (self.embedded / batch + self.written / written) / 3
        return (
            rates.start[self.program]
            + (self.batches + forward) * rates.step
            + (self.passes + forward) * self.layers * rates.layer
            + self.operations / rates.operations(self.width)
            + self.compared / rates.operations(self.dimension)
            + self.moved / rates.bandwidth
            + self.tokens / rates.tokens
            + self.rows / rates.rows
            + self.scanned / rates.scan
            + self.kept / rates.disk
        )

    def times(self, jobs: int) -> "Work":
        """So many jobs of this work."""
        return replace(self, jobs=jobs)
