"""What the operating system must bring: Qt's libraries and fonts on Linux, and the line that installs what is missing.

Standard library only: the set-up runs this file as a script before anything is installed; ``attnviz doctor`` imports it.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple


class Purpose(StrEnum):
    """What fails without the library, in words that end a sentence."""

    ALWAYS = "everything that is drawn"
    X11 = "a window under X"
    WAYLAND = "a window under Wayland"
    VNC = "a window over VNC"
    TEXT = "readable text"
    CJK = "Chinese and Japanese characters"


class Library(NamedTuple):
    """A shared library (by soname) or a font (by ``FONT_NAMES``), and the package of each distribution that has it."""

    name: str
    purpose: Purpose
    debian: str
    fedora: str
    arch: str


FONT = "any font"
CJK_FONT = "a font with Chinese characters"

# The direct needs of Qt's core libraries and platform plugins; a test reads the same list out of the libraries' headers.
LIBRARIES = (
    Library("libEGL.so.1", Purpose.ALWAYS, "libegl1", "libglvnd-egl", "libglvnd"),
    Library("libGL.so.1", Purpose.ALWAYS, "libgl1", "libglvnd-glx", "libglvnd"),
    Library("libX11.so.6", Purpose.ALWAYS, "libx11-6", "libX11", "libx11"),
    Library("libdbus-1.so.3", Purpose.ALWAYS, "libdbus-1-3", "dbus-libs", "dbus"),
    Library("libfontconfig.so.1", Purpose.ALWAYS, "libfontconfig1", "fontconfig", "fontconfig"),
    Library("libfreetype.so.6", Purpose.ALWAYS, "libfreetype6", "freetype", "freetype2"),
    Library("libglib-2.0.so.0", Purpose.ALWAYS, "libglib2.0-0", "glib2", "glib2"),
    Library("libgthread-2.0.so.0", Purpose.ALWAYS, "libglib2.0-0", "glib2", "glib2"),
    Library("libstdc++.so.6", Purpose.ALWAYS, "libstdc++6", "libstdc++", "gcc-libs"),
    Library("libxkbcommon.so.0", Purpose.ALWAYS, "libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    Library("libz.so.1", Purpose.ALWAYS, "zlib1g", "zlib", "zlib"),
    Library("libzstd.so.1", Purpose.ALWAYS, "libzstd1", "libzstd", "zstd"),
    Library("libX11-xcb.so.1", Purpose.X11, "libx11-xcb1", "libX11-xcb", "libx11"),
    Library("libxcb.so.1", Purpose.X11, "libxcb1", "libxcb", "libxcb"),
    Library("libxcb-cursor.so.0", Purpose.X11, "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    Library("libxcb-icccm.so.4", Purpose.X11, "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    Library("libxcb-image.so.0", Purpose.X11, "libxcb-image0", "xcb-util-image", "xcb-util-image"),
    Library("libxcb-keysyms.so.1", Purpose.X11, "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    Library("libxcb-randr.so.0", Purpose.X11, "libxcb-randr0", "libxcb", "libxcb"),
    Library("libxcb-render.so.0", Purpose.X11, "libxcb-render0", "libxcb", "libxcb"),
    Library(
        "libxcb-render-util.so.0", Purpose.X11, "libxcb-render-util0", "xcb-util-renderutil", "xcb-util-renderutil"
    ),
    Library("libxcb-shape.so.0", Purpose.X11, "libxcb-shape0", "libxcb", "libxcb"),
    Library("libxcb-shm.so.0", Purpose.X11, "libxcb-shm0", "libxcb", "libxcb"),
    Library("libxcb-sync.so.1", Purpose.X11, "libxcb-sync1", "libxcb", "libxcb"),
    Library("libxcb-util.so.1", Purpose.X11, "libxcb-util1", "xcb-util", "xcb-util"),
    Library("libxcb-xfixes.so.0", Purpose.X11, "libxcb-xfixes0", "libxcb", "libxcb"),
    Library("libxcb-xkb.so.1", Purpose.X11, "libxcb-xkb1", "libxcb", "libxcb"),
    Library("libxkbcommon-x11.so.0", Purpose.X11, "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
    Library("libwayland-client.so.0", Purpose.WAYLAND, "libwayland-client0", "libwayland-client", "wayland"),
    Library("libwayland-cursor.so.0", Purpose.WAYLAND, "libwayland-cursor0", "libwayland-cursor", "wayland"),
    Library("libbrotlicommon.so.1", Purpose.VNC, "libbrotli1", "libbrotli", "brotli"),
    Library("libbrotlidec.so.1", Purpose.VNC, "libbrotli1", "libbrotli", "brotli"),
    Library("libgssapi_krb5.so.2", Purpose.VNC, "libgssapi-krb5-2", "krb5-libs", "krb5"),
    Library(FONT, Purpose.TEXT, "fonts-dejavu-core", "dejavu-sans-fonts", "ttf-dejavu"),
    Library(CJK_FONT, Purpose.CJK, "fonts-droid-fallback", "google-droid-sans-fonts", "ttf-droid"),
)

FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
FONT_ENDINGS = {".ttf", ".otf", ".ttc", ".pfb"}
CJK_FILES = (
    "droidsansfallback",
    "cjk",
    "sourcehan",
    "wqy",
    "uming",
    "ukai",
    "ipag",
    "ipam",
    "takao",
    "nanum",
    "unifont",
)
APT_SECONDS = 600

Present = Callable[[str], bool]


def present(name: str) -> bool:
    """Whether the dynamic linker finds the library, or some font file answers the font's description."""
    if name == FONT:
        return any(True for _ in _font_files())
    if name == CJK_FONT:
        return any(mark in path.name.lower() for path in _font_files() for mark in CJK_FILES)
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def missing(purposes: Iterable[Purpose] = tuple(Purpose), present: Present = present) -> tuple[Library, ...]:
    """The libraries and fonts for ``purposes`` that this machine lacks; nothing where Qt brings its own (not Linux)."""
    if not sys.platform.startswith("linux"):
        return ()
    wanted = frozenset(purposes)
    return tuple(library for library in LIBRARIES if library.purpose in wanted and not present(library.name))


def install_line(lacking: Sequence[Library]) -> str:
    """The command that installs ``lacking`` with this machine's package manager; empty when nothing lacks."""
    if not lacking:
        return ""
    if shutil.which("apt-get"):
        return "sudo apt-get install -y --no-install-recommends " + _packages(item.debian for item in lacking)
    if shutil.which("dnf"):
        return "sudo dnf install -y " + _packages(item.fedora for item in lacking)
    if shutil.which("pacman"):
        return "sudo pacman -S --needed " + _packages(item.arch for item in lacking)
    return "install with your package manager: " + ", ".join(item.name for item in lacking)


def sentence(lacking: Sequence[Library]) -> str:
    """One sentence: what is missing, what it is for, and the line that mends it; empty when nothing lacks."""
    if not lacking:
        return ""
    purposes = " and ".join(dict.fromkeys(item.purpose.value for item in lacking))
    names = ", ".join(item.name for item in lacking)
    return f"missing on this system for {purposes}: {names}; to mend it: {install_line(lacking)}"


def has_display(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether Qt can open a window: a display, or a platform named in QT_QPA_PLATFORM that needs none, such as vnc."""
    if not sys.platform.startswith("linux"):
        return True
    screens = {"xcb": bool(environment.get("DISPLAY")), "wayland": bool(environment.get("WAYLAND_DISPLAY"))}
    chosen = [part.split(":")[0].split("-")[0] for part in environment.get("QT_QPA_PLATFORM", "").split(";") if part]
    if not chosen:
        return any(screens.values())
    return any(screens.get(platform, platform not in {"offscreen", "minimal"}) for platform in chosen)


def main(arguments: Sequence[str] | None = None) -> int:
    """Report what is missing, after trying to install it where asked to; 2 if nothing can be drawn, else 0."""
    parser = argparse.ArgumentParser(
        prog="system.py", description="Check what the operating system brings for attnviz."
    )
    parser.add_argument("--install", action="store_true", help="install what is missing (as root on Debian and kin)")
    options = parser.parse_args(arguments)
    lacking = missing()
    if lacking and options.install and _may_install():
        _install(lacking)
        lacking = missing()
    needed = tuple(item for item in lacking if item.purpose is Purpose.ALWAYS)
    if lacking:
        print(sentence(needed or lacking), file=sys.stderr)
    return 2 if needed else 0


def _packages(names: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(names))


def _font_files() -> Iterator[Path]:
    for folder in FONT_FOLDERS:
        for parent, _, names in os.walk(os.path.expanduser(folder)):
            yield from (Path(parent, name) for name in names if Path(name).suffix.lower() in FONT_ENDINGS)


def _may_install() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install(lacking: Sequence[Library]) -> None:
    """Ask apt for the packages; a failure is left to the check that follows, which says what is still missing."""
    packages = list(dict.fromkeys(item.debian for item in lacking))
    print("installing system packages: " + " ".join(packages), file=sys.stderr)
    quiet = ["apt-get", "-qq", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([*quiet, "update"], [*quiet, "install", "-y", "--no-install-recommends", *packages]):
        try:
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, timeout=APT_SECONDS, check=False)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"apt-get did not finish: {error}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
