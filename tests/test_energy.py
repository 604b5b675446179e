import pynvml
import pytest
import torch

from optical.runtime import energy
from optical.runtime.energy import EnergyMeter


@pytest.fixture
def rapl(tmp_path):
    """A machine of two processors, as Linux shows its counters, and a part of one of them."""
    for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text("5000000\n")
        (tmp_path / name / "max_energy_range_uj").write_text("9999999\n")
    return tmp_path


def test_joules_are_those_of_all_processors_since_the_start(rapl):
    meter = EnergyMeter(rapl)
    assert meter.joules() == 0
    (rapl / "intel-rapl:0/energy_uj").write_text("7000000\n")
    (rapl / "intel-rapl:1/energy_uj").write_text("5500000\n")
    (rapl / "intel-rapl:0:0/energy_uj").write_text("6000000\n")  # counted with its processor
    assert meter.joules() == 2.5


def test_a_counter_that_starts_again_goes_on(rapl):
    meter = EnergyMeter(rapl)
    for number in (9_000_000, 1_000_000, 3_000_000):
        (rapl / "intel-rapl:0/energy_uj").write_text(f"{number}\n")
        joules = meter.joules()
    assert joules == pytest.approx(4 + 2 + 2)


def test_a_machine_that_tells_nothing_has_no_joules(tmp_path):
    assert EnergyMeter(tmp_path).joules() is None


def test_a_gpu_is_asked_by_its_name(tmp_path, monkeypatch):
    used = {"GPU-abc": 1000.0}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda number: type("", (), {"uuid": "abc"})
    )
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByUUID", lambda name: name)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetTotalEnergyConsumption", lambda name: used[name])
    meter = EnergyMeter(tmp_path)
    used["GPU-abc"] += 2500
    assert meter.joules() == 2.5


def test_a_gpu_that_does_not_count_is_left_out(tmp_path, monkeypatch):
    def fails():
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(pynvml, "nvmlInit", fails)
    assert energy.gpu_handles() == []
    assert EnergyMeter(tmp_path).joules() is None
