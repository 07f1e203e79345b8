"""The sound and the subtitles of the original beside a new picture: copied where the container takes them, converted where not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, cast

from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError, InvalidDataError
from av.packet import Packet
from av.stream import Stream
from av.subtitles.stream import SubtitleStream

_MP4_AUDIO = frozenset({"aac", "mp3", "mp3float", "ac3", "eac3", "alac", "flac", "opus", "libopus"})
"""Copied into mp4. MPEG-1 layer 2 and PCM could be, but hardly any player would sound: they become AAC."""
_MOV_AUDIO_START = ("aac", "mp3", "ac3", "eac3", "alac", "mp2", "pcm_s", "pcm_f", "pcm_mulaw", "pcm_alaw")
_TEXT_SUBTITLES = frozenset({"mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text"})
_AAC_RATES = frozenset({8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000})

Note = Callable[[str], None]
_Handler = Callable[[Packet | None], list[Packet]]
"""Takes a packet of the original (None at the end) and gives what is to be written."""


class Companions:
    """Every sound and subtitle stream of `source`, to be written into `out` in step with the picture.

    Times are kept exactly, less `shift` seconds. What cannot be kept is named through `note`.
    """

    def __init__(self, source: InputContainer, out: OutputContainer, *, suffix: str, shift: Fraction, note: Note) -> None:
        self._out, self._shift = out, shift
        self._handlers: dict[int, _Handler] = {}
        wanted: list[Stream] = []
        for stream in source.streams:
            handler = self._handler(stream, suffix, note)
            if handler is not None:
                self._handlers[stream.index] = handler
                wanted.append(stream)
        self._packets = self._read(source, wanted, suffix != ".mkv") if wanted else iter(())
        self._waiting: tuple[Fraction, Packet] | None = next(self._packets, None)

    def write_until(self, seconds: Fraction | None) -> None:
        """Write everything that begins at or before `seconds` on the new file's clock; None: all that is left."""
        while self._waiting is not None and (seconds is None or self._waiting[0] <= seconds):
            packet = self._waiting[1]
            for made in self._handlers[packet.stream_index](packet):
                self._out.mux_one(made)
            self._waiting = next(self._packets, None)
        if seconds is None:
            for handler in self._handlers.values():
                for made in handler(None):
                    self._out.mux_one(made)

    def _read(self, source: InputContainer, wanted: list[Stream], lead_in: bool) -> Iterator[tuple[Fraction, Packet]]:
        for packet in _without_cut_away(source.demux(wanted), lead_in=lead_in):
            when = packet.dts if packet.dts is not None else packet.pts
            if when is None:
                continue
            ticks = round(self._shift / packet.time_base)
            packet.dts = when - ticks
            packet.pts = packet.pts - ticks if packet.pts is not None else None
            yield packet.dts * packet.time_base, packet

    def _handler(self, stream: Stream, suffix: str, note: Note) -> _Handler | None:
        context = getattr(stream, "codec_context", None)
        codec = context.name if context is not None else "unknown"
        if stream.type == "audio":
            if _copies_audio(codec, suffix) or context is None:
                return self._copy(stream, codec, note)
            return self._to_aac(cast(AudioStream, stream))
        if stream.type == "subtitle":
            text = "subrip" if suffix == ".mkv" else "mov_text"
            # mov_text exists in the mp4 family alone; Matroska takes every other kind as it is
            if codec == text or (suffix == ".mkv" and codec != "mov_text"):
                return self._copy(stream, codec, note)
            if codec in _TEXT_SUBTITLES:
                return self._to_text(cast(SubtitleStream, stream), text)
            note(f"The subtitles in stream {stream.index} ({codec}) are pictures, which {suffix} cannot hold; choose .mkv to keep them.")
        return None

    def _describe(self, made: Stream, original: Stream) -> None:
        if original.language:
            made.metadata["language"] = original.language
        made.disposition = original.disposition

    def _copy(self, stream: Stream, codec: str, note: Note) -> _Handler | None:
        try:
            made = self._out.add_stream_from_template(cast(Any, stream))
        except (ValueError, FFmpegError) as error:
            note(f"Stream {stream.index} ({codec}) was left out: this kind of file cannot hold it ({error}).")
            return None
        self._describe(made, stream)

        def handle(packet: Packet | None) -> list[Packet]:
            if packet is None:
                return []
            packet.stream = made
            return [packet]

        return handle

    def _to_aac(self, stream: AudioStream) -> _Handler:
        rate = stream.codec_context.sample_rate
        made = self._out.add_stream("aac", rate=rate if rate in _AAC_RATES else 48000)
        made.codec_context.layout = stream.codec_context.layout.name
        made.codec_context.bit_rate = 96000 * max(1, stream.codec_context.layout.nb_channels)
        self._describe(made, stream)

        def handle(packet: Packet | None) -> list[Packet]:
            try:
                frames = stream.decode(packet)
            except InvalidDataError:
                # one damaged piece of sound is silence there, not the end of the work
                return []
            packets = [made_packet for frame in frames for made_packet in made.encode(frame)]
            return packets if packet is not None else packets + made.encode(None)

        return handle

    def _to_text(self, stream: SubtitleStream, codec: str) -> _Handler:
        stream.codec_context.open(strict=False)  # only an open decoder knows the header that the encoder needs
        made = cast(SubtitleStream, self._out.add_stream(cast(Any, codec)))
        made.codec_context.subtitle_header = stream.codec_context.subtitle_header
        made.time_base = Fraction(1, 1000)
        made.codec_context.time_base = Fraction(1, 1000)
        self._describe(made, stream)

        def handle(packet: Packet | None) -> list[Packet]:
            shown = stream.decode2(packet) if packet is not None else None
            if packet is None or shown is None or packet.dts is None or not len(shown):
                return []
            written = made.codec_context.encode_subtitle(shown)
            written.time_base = Fraction(1, 1000)
            start = packet.pts if packet.pts is not None else packet.dts
            written.pts = written.dts = round(start * packet.time_base * 1000)
            written.duration = round((packet.duration or 0) * packet.time_base * 1000) or shown.end_display_time - shown.start_display_time
            written.stream = made
            return [written]

        return handle


def _without_cut_away(packets: Iterator[Packet], *, lead_in: bool) -> Iterator[Packet]:
    """Leave out what an edit list cut away; with `lead_in` all but the two packets before a stream begins: its decoder starts from them.

    Without edit lists of its own (Matroska) a container would play them, and move the picture to make room.
    """
    leading: dict[int, list[Packet]] = {}
    begun: set[int] = set()
    for packet in packets:
        if packet.size == 0:
            continue
        if packet.is_discard:
            if lead_in and packet.stream_index not in begun:
                leading[packet.stream_index] = [*leading.get(packet.stream_index, [])[-1:], packet]
            continue
        begun.add(packet.stream_index)
        yield from leading.pop(packet.stream_index, [])
        yield packet


def _copies_audio(codec: str, suffix: str) -> bool:
    if suffix == ".mkv":
        return True
    return codec.startswith(_MOV_AUDIO_START) if suffix == ".mov" else codec in _MP4_AUDIO
