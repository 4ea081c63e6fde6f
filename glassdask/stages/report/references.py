"""What methods texts cite: the paper, this software, and the sources of what it computes and is built on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from glassdask.stages.report.citation import Citation, bibtex, paper_citation, software_citation

#: Keys in a text, as Pandoc reads them: [@Kob1995; @Weeks1971].
_CITED = re.compile(r"\[@[^\]]+\]")


@dataclass(frozen=True)
class _Entry:
    """An article, a book where it has a publisher, or a program where it has an address; authors as "Family, Given", "others" for the rest of many."""

    authors: tuple[str, ...]
    title: str
    journal: str
    volume: str
    pages: str
    year: int
    doi: str = ""
    publisher: str = ""
    url: str = ""

    def citation(self, key: str) -> Citation:
        names = ["et al." if one == "others" else " ".join(reversed(one.split(", "))) for one in self.authors]
        where = self.url or self.publisher or f"{self.journal} {self.volume}, {self.pages}"
        text = f"{', '.join(names)}, {self.title}, {where} ({self.year})" + (f", doi:{self.doi}" if self.doi else "")
        fields = {
            "author": " and ".join(self.authors), "title": f"{{{self.title}}}", "journal": self.journal,
            "publisher": self.publisher, "year": str(self.year), "volume": self.volume, "pages": self.pages, "doi": self.doi,
            "url": self.url,
        }  # fmt: skip
        known = {name: value for name, value in fields.items() if value}
        return Citation(text, bibtex("software" if self.url else "book" if self.publisher else "article", key, known))


_JCP, _CPC = "The Journal of Chemical Physics", "Computer Physics Communications"
_ENTRIES: dict[str, _Entry] = {
    "Kob1995": _Entry(
        ("Kob, Walter", "Andersen, Hans C."),
        "Testing mode-coupling theory for a supercooled binary Lennard-Jones mixture I: The van Hove correlation function",
        "Physical Review E", "51", "4626", 1995, "10.1103/PhysRevE.51.4626",
    ),
    "Weeks1971": _Entry(
        ("Weeks, John D.", "Chandler, David", "Andersen, Hans C."),
        "Role of repulsive forces in determining the equilibrium structure of simple liquids",
        _JCP, "54", "5237", 1971, "10.1063/1.1674820",
    ),
    "Swope1982": _Entry(
        ("Swope, William C.", "Andersen, Hans C.", "Berens, Peter H.", "Wilson, Kent R."),
        "A computer simulation method for the calculation of equilibrium constants for the formation of physical clusters of "
        "molecules: Application to small water clusters",
        _JCP, "76", "637", 1982, "10.1063/1.442716",
    ),
    "Bussi2007": _Entry(
        ("Bussi, Giovanni", "Donadio, Davide", "Parrinello, Michele"),
        "Canonical sampling through velocity rescaling", _JCP, "126", "014101", 2007, "10.1063/1.2408420",
    ),
    "Thompson2022": _Entry(
        ("Thompson, Aidan P.", "Aktulga, H. Metin", "Berger, Richard", "others"),
        "LAMMPS – a flexible simulation tool for particle-based materials modeling at the atomic, meso, and continuum scales",
        _CPC, "271", "108171", 2022, "10.1016/j.cpc.2021.108171",
    ),
    "Anderson2020": _Entry(
        ("Anderson, Joshua A.", "Glaser, Jens", "Glotzer, Sharon C."),
        "HOOMD-blue: A Python package for high-performance molecular dynamics and hard particle Monte Carlo simulations",
        "Computational Materials Science", "173", "109363", 2020, "10.1016/j.commatsci.2019.109363",
    ),
    "Pedersen2023": _Entry(  # names as in its metadata, the year of its licence
        ("Pedersen, Ulf R.", "Bailey, Nick", "Hansen, Jesper Schmidt", "Costigliola, Lorenzo", "Schrøder, Thomas"),
        "gamdpy: GPU accelerated molecular dynamics in Python",
        "", "", "", 2023, url="https://github.com/ThomasBechSchroeder/gamdpy",
    ),
    "Flyvbjerg1989": _Entry(
        ("Flyvbjerg, H.", "Petersen, H. G."),
        "Error estimates on averages of correlated data", _JCP, "91", "461", 1989, "10.1063/1.457480",
    ),
    "Lechner2008": _Entry(
        ("Lechner, Wolfgang", "Dellago, Christoph"),
        "Accurate determination of crystal structures based on averaged local bond order parameters",
        _JCP, "129", "114707", 2008, "10.1063/1.2977970",
    ),
    "Ramasubramani2020": _Entry(
        ("Ramasubramani, Vyas", "Dice, Bradley D.", "Harper, Eric S.", "Spellings, Matthew P.", "Anderson, Joshua A.",
         "Glotzer, Sharon C."),
        "freud: A software suite for high throughput analysis of particle simulation data",
        _CPC, "254", "107275", 2020, "10.1016/j.cpc.2020.107275",
    ),
    "Goetze2009": _Entry(
        ("Götze, Wolfgang",), "Complex Dynamics of Glass-Forming Liquids: A Mode-Coupling Theory",
        "", "", "", 2009, "10.1093/acprof:oso/9780199235346.001.0001", "Oxford University Press",
    ),
    "Franosch1997": _Entry(
        ("Franosch, T.", "Fuchs, M.", "Götze, W.", "Mayr, M. R.", "Singh, A. P."),
        "Asymptotic laws and preasymptotic correction formulas for the relaxation near glass-transition singularities",
        "Physical Review E", "55", "7153", 1997, "10.1103/PhysRevE.55.7153",
    ),
    "Fuchs1991": _Entry(
        ("Fuchs, M.", "Götze, W.", "Hofacker, I.", "Latz, A."),
        "Comments on the alpha-peak shapes for relaxation in supercooled liquids",
        "Journal of Physics: Condensed Matter", "3", "5047", 1991, "10.1088/0953-8984/3/26/022",
    ),
    "Hansen2001": _Entry(
        ("Hansen, Nikolaus", "Ostermeier, Andreas"),
        "Completely derandomized self-adaptation in evolution strategies",
        "Evolutionary Computation", "9", "159", 2001, "10.1162/106365601750190398",
    ),
    "Branch1999": _Entry(
        ("Branch, Mary Ann", "Coleman, Thomas F.", "Li, Yuying"),
        "A subspace, interior, and conjugate gradient method for large-scale bound-constrained minimization problems",
        "SIAM Journal on Scientific Computing", "21", "1", 1999, "10.1137/S1064827595289108",
    ),
    "Schwarz1978": _Entry(
        ("Schwarz, Gideon",), "Estimating the dimension of a model", "The Annals of Statistics", "6", "461", 1978,
        "10.1214/aos/1176344136",
    ),
    "Lacevic2003": _Entry(
        ("Lačević, N.", "Starr, F. W.", "Schrøder, T. B.", "Glotzer, S. C."),
        "Spatially heterogeneous dynamics investigated via a time-dependent four-point density correlation function",
        _JCP, "119", "7372", 2003, "10.1063/1.1605094",
    ),
    "Harris2020": _Entry(
        ("Harris, Charles R.", "Millman, K. Jarrod", "van der Walt, Stéfan J.", "others"),
        "Array programming with NumPy", "Nature", "585", "357", 2020, "10.1038/s41586-020-2649-2",
    ),
    "Virtanen2020": _Entry(
        ("Virtanen, Pauli", "Gommers, Ralf", "Oliphant, Travis E.", "others"),
        "SciPy 1.0: fundamental algorithms for scientific computing in Python",
        "Nature Methods", "17", "261", 2020, "10.1038/s41592-019-0686-2",
    ),
    "Hoyer2017": _Entry(
        ("Hoyer, Stephan", "Hamman, Joe"), "xarray: N-D labeled arrays and datasets in Python",
        "Journal of Open Research Software", "5", "10", 2017, "10.5334/jors.148",
    ),
    "Paszke2019": _Entry(
        ("Paszke, Adam", "Gross, Sam", "Massa, Francisco", "others"),
        "PyTorch: An imperative style, high-performance deep learning library",
        "Advances in Neural Information Processing Systems", "32", "8024", 2019,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Bibliography:
    """The references by key: those that the package knows, and sources of liquids in their own words."""

    sources: dict[str, str] = field(default_factory=dict)

    def cite(self, *keys: str) -> str:
        """The mark of a citation.

        >>> Bibliography().cite("Kob1995", "Weeks1971")
        '[@Kob1995; @Weeks1971]'
        """
        for key in keys:
            self[key]  # an unknown one is a mistake of the template
        return f"[{'; '.join(f'@{key}' for key in keys)}]"

    def cite_source(self, name: str, source: str) -> str:
        """The mark of a liquid's source, which is text."""
        key = f"source-{name}"
        self.sources[key] = source
        return self.cite(key)

    def __getitem__(self, key: str) -> Citation:
        if key == "Ciarella2023":
            return paper_citation()
        if key == "glassdask":
            return software_citation()
        if key in self.sources:
            return Citation(self.sources[key], bibtex("misc", key, {"note": self.sources[key]}))
        return _ENTRIES[key].citation(key)


def cited_keys(texts: Iterable[str]) -> list[str]:
    """Keys in the order in which texts cite them first.

    >>> cited_keys(["a [@Kob1995]", "b [@Weeks1971; @Kob1995]"])
    ['Kob1995', 'Weeks1971']
    """
    keys = (key.strip(" @") for text in texts for mark in _CITED.findall(text) for key in mark[1:-1].split(";"))
    return list(dict.fromkeys(keys))


def numbered(text: str, numbers: Mapping[str, int]) -> str:
    """The text with numbers in place of keys.

    >>> numbered("as in [@Weeks1971; @Kob1995]", {"Kob1995": 1, "Weeks1971": 2})
    'as in [1, 2]'
    """

    def mark(found: re.Match[str]) -> str:
        keys = [key.strip(" @") for key in found[0][1:-1].split(";")]
        return f"[{', '.join(str(number) for number in sorted(numbers[key] for key in keys))}]"

    return _CITED.sub(mark, text)
