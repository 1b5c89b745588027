"""What is published for programs to read, told to people: files, schemas, terms, changes."""

from litestar import Response, get

from emask.opendata.catalogue import CHANGES, DATASETS, EVERY, LICENCE, Dataset, dataset_at
from emask.opendata.snapshot import Files
from emask.opendata.suppression import LEAST
from emask.web.shell.page import ThisPage


@get("/opendata")
async def tell_open_data(page: ThisPage) -> Response[str]:
    """Every file that there is now, as the snapshot of this process has it."""
    snapshot = page.system.open_data.snapshot
    return page.show(
        "public/opendata.html",
        {
            "datasets": [(each, _paths(each, snapshot.files)) for each in DATASETS],
            "sites": len(snapshot.sites),
            "latest": max((site.changed_at for site in snapshot.sites), default=None),
            "every": EVERY,
            "least": LEAST,
            "licence": LICENCE,
            "changes": CHANGES,
        },
    )


def _paths(dataset: Dataset, files: Files) -> list[str]:
    """Where its files are: one, or one of each round."""
    forms = {each.form for each in DATASETS}
    return [path for path in files if path not in forms and dataset_at(path) is dataset]


PUBLIC = [tell_open_data]
