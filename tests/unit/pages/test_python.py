"""Each Python of a page can be compiled; tests/e2e/test_python_page.py runs what can be run."""

from tests.unit.pages.fences import Fence, every


@every("python")
def test_python_can_be_compiled(fence: Fence) -> None:
    compile(fence.text, str(fence), "exec")
