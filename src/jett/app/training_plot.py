"""The picture of a report: misses against false alarms an hour. Drawn where matplotlib is installed (extra `bench`)."""

from __future__ import annotations

from pathlib import Path

from jett.training.report import Report


def draw_det(report: Report, path: Path) -> bool:
    """Write a PNG; False where nothing can draw."""
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    least = 0.3 / max(report.negative_hours, 0.1)
    alarms = [max(each.false_alarms_per_hour, least) for each in report.curve]
    plt.style.use("dark_background")
    figure, axes = plt.subplots(figsize=(7, 5), layout="constrained")
    for name, colour in (("clean", "#22d3ee"), ("noisy", "#f59e0b")):
        misses = [getattr(each, f"miss_percent_{name}") for each in report.curve]
        axes.step(alarms, misses, where="post", label=f"calls, {name}", color=colour)
        chosen = getattr(report.chosen, f"miss_percent_{name}")
        axes.plot(max(report.chosen.false_alarms_per_hour, least), chosen, "o", color=colour)
    axes.set_xscale("log")
    axes.set_xlabel(f"false alarms an hour (leftmost: none in {report.negative_hours:.1f} hours)")
    axes.set_ylabel("calls missed, %")
    axes.set_title(f"'{report.phrase}': dots are at the chosen threshold, {report.chosen.threshold:.2f}")
    axes.legend()
    figure.savefig(path, dpi=130)
    plt.close(figure)
    return True
