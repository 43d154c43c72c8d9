"""What is wrong with a profile, a file or a line, as sentences."""

from collections.abc import Mapping

from apps.telemetry.domain.intake import REASONS as INTAKE_REASONS

REASONS: dict[str, tuple[str, str]] = {
    # The profile
    "needed": ("This field is needed.", "Dieses Feld wird gebraucht."),
    "not_a_table": ("This must be a group of named fields.", "Das muss eine Gruppe benannter Felder sein."),
    "not_a_list": ("This must be a list of texts.", "Das muss eine Liste von Texten sein."),
    "bad_text_field": ("This must be a text of at most 200 characters.", "Das muss ein Text von höchstens 200 Zeichen sein."),
    "not_a_choice": ("“{value}” is none of {choices}.", "„{value}“ ist keines von {choices}."),
    "not_in_range": ("This must be a whole number from {low} to {high}.", "Das muss eine ganze Zahl von {low} bis {high} sein."),
    "not_a_flag": ("This must be true or false.", "Das muss true oder false sein."),
    "unknown_field": ("There is no field of this name.", "Ein Feld dieses Namens gibt es nicht."),
    "asset_twice": ("Name either one asset for the file or a column of assets, not both.", "Entweder eine Anlage für die Datei oder eine Spalte mit Anlagen, nicht beides."),
    "same_mark": ("Grouping and decimal mark cannot be the same.", "Tausender- und Dezimalzeichen können nicht gleich sein."),
    "channel_twice": ("The channel {channel} is fed by two columns.", "Der Kanal {channel} wird aus zwei Spalten gespeist."),
    "column_number": ("Without a header line a column is a number from 1; “{column}” is none.", "Ohne Kopfzeile ist eine Spalte eine Zahl ab 1; „{column}“ ist keine."),
    "bad_format": ("“{value}” is no time format such as %d/%m/%Y %H:%M.", "„{value}“ ist kein Zeitformat wie %d/%m/%Y %H:%M."),
    "unknown_zone": ("The time zone {zone} is not known.", "Die Zeitzone {zone} ist nicht bekannt."),
    "zone_needed": ("Stamps of this format carry no offset: name the time zone they are in.", "Zeiten in diesem Format haben keinen Versatz: Bitte die Zeitzone angeben."),
    "interval_needed": ("A stamp that means start or end needs the interval's length.", "Eine Zeit, die Anfang oder Ende bedeutet, braucht die Länge des Intervalls."),
    "end_without_start": ("Columns of the end belong to a time that means the start, without a length of the interval.", "Spalten mit dem Ende gehören zu einer Zeit, die den Anfang bedeutet, ohne Länge des Intervalls."),
    "day_needed": ("“{value}” is a time of day alone: name the file's day, or where its name holds it.", "„{value}“ ist nur eine Uhrzeit: Bitte den Tag der Datei angeben, oder wo ihr Name ihn nennt."),
    "clock_needed": ("With a day of its own the file's time is a time of day, such as %H:%M:%S; “{value}” is none.", "Ist der Tag der Datei angegeben, so ist ihre Zeit eine Uhrzeit wie %H:%M:%S; „{value}“ ist keine."),
    "bad_day": ("“{value}” is no day such as 2026-03-01.", "„{value}“ ist kein Tag wie 2026-03-01."),
    "bad_day_pattern": ("“{value}” is no pattern of a day such as %Y-%m-%d.", "„{value}“ ist kein Muster eines Tages wie %Y-%m-%d."),
    "bad_begin": ("“{value}” is no time such as 2026-03-01 12:00.", "„{value}“ ist keine Zeit wie 2026-03-01 12:00."),
    "begin_and_columns": ("Rows that follow each other from a beginning have neither columns of times nor a day.", "Zeilen, die ab einem Beginn aufeinander folgen, haben weder Spalten mit Zeiten noch einen Tag."),
    "step_needed": ("Rows that follow each other from a beginning need the interval's length.", "Zeilen, die ab einem Beginn aufeinander folgen, brauchen die Länge des Intervalls."),
    "fixed_and_column": ("Name either a column or a fixed amount, not both.", "Entweder eine Spalte oder eine feste Menge, nicht beides."),
    "midnight_without_end": ("This rule is for stamps that mean the interval's end.", "Diese Regel gilt für Zeiten, die das Ende des Intervalls bedeuten."),
    "columns_needed": ("Name at least one column of values.", "Bitte mindestens eine Spalte mit Werten angeben."),
    "zero_factor": ("A factor of zero would lose every value.", "Ein Faktor null verlöre jeden Wert."),
    # The file
    "empty_file": ("The file is empty.", "Die Datei ist leer."),
    "known_file": ("This is a {kind} file. Export the readings as text with separators (CSV).", "Das ist eine {kind}-Datei. Bitte die Messwerte als Text mit Trennzeichen (CSV) ausgeben."),
    "binary_file": ("This is no text in this encoding (zero bytes at the beginning); it may be UTF-16.", "Das ist kein Text in dieser Kodierung (Nullbytes am Anfang); vielleicht UTF-16."),
    "binary_line": ("Line {line} holds zero bytes: this is no text.", "Zeile {line} enthält Nullbytes: Das ist kein Text."),
    "not_encoded_so": ("Line {line} is not encoded as {encoding} (byte {byte} of the line).", "Zeile {line} ist nicht als {encoding} kodiert (Byte {byte} der Zeile)."),
    "line_too_long": ("Line {line} has more than {bytes} bytes.", "Zeile {line} hat mehr als {bytes} Bytes."),
    "too_much_content": ("Unpacked, the file is larger than {megabytes} MiB or shrinks beyond what recordings do.", "Entpackt ist die Datei größer als {megabytes} MiB oder stärker gepackt, als Aufzeichnungen es sind."),
    "file_too_large": ("The file is larger than {megabytes} MiB.", "Die Datei ist größer als {megabytes} MiB."),
    "blank_lines": (
        "More than {most} empty lines up to line {line}: this is no recording.",
        "Mehr als {most} leere Zeilen bis Zeile {line}: Das ist keine Aufzeichnung.",
    ),
    "broken_gzip": ("The compressed file is damaged.", "Die gepackte Datei ist beschädigt."),
    "no_header": ("There is no header in line {line}.", "In Zeile {line} steht keine Kopfzeile."),
    "too_many_columns": ("{columns} columns; at most {most} are read.", "{columns} Spalten; höchstens {most} werden gelesen."),
    "missing_column": ("The column “{column}” is missing. The header names: {found}", "Die Spalte „{column}“ fehlt. Die Kopfzeile nennt: {found}"),
    "double_column": ("The header names the column “{column}” twice.", "Die Kopfzeile nennt die Spalte „{column}“ zweimal."),
    "no_asset": ("The profile names neither an asset nor a column of assets: choose the asset of this file.", "Das Profil nennt weder eine Anlage noch eine Spalte mit Anlagen: Bitte die Anlage dieser Datei wählen."),
    "no_day_in_name": ("The file's name “{name}” holds no day written as {pattern}.", "Der Name der Datei „{name}“ enthält keinen Tag der Form {pattern}."),
    "file_gone": ("The stored file is no longer there. Upload it again.", "Die gespeicherte Datei ist nicht mehr da. Bitte noch einmal hochladen."),
    "month_full": (
        "Your plan stores no more readings this month. What came before line {line} is stored; go on next month, or choose a larger plan on the page “Plan”.",
        "Ihr Plan speichert in diesem Monat keine weiteren Messwerte. Was vor Zeile {line} steht, ist gespeichert; fahren Sie nächsten Monat fort, oder wählen Sie auf der Seite „Plan“ einen größeren Plan.",
    ),
    # A line
    "bad_quotes": ("The quotes do not close (read up to line {until}).", "Die Anführungszeichen schließen nicht (gelesen bis Zeile {until})."),
    "other_width": ("{found} cells instead of {expected}.", "{found} Zellen statt {expected}."),
    "missing_time": ("The time is empty.", "Die Zeit ist leer."),
    "missing_asset": ("The asset is empty.", "Die Anlage ist leer."),
    "not_this_format": ("“{value}” is not written as {format}.", "„{value}“ ist nicht als {format} geschrieben."),
    "bad_stamp": ("“{value}” is no usable time.", "„{value}“ ist keine brauchbare Zeit."),
    "doubled_time": ("{value} happens twice in {zone} that night: say in the profile which one is meant.", "{value} gibt es in {zone} in jener Nacht zweimal: Bitte im Profil sagen, welche gemeint ist."),
    "skipped_time": ("{value} does not exist in {zone}: the clock skipped it.", "{value} gibt es in {zone} nicht: Die Uhr hat sie übersprungen."),
    "other_mark": ("“{value}” is not written with “{mark}” as decimal mark.", "„{value}“ ist nicht mit „{mark}“ als Dezimalzeichen geschrieben."),
    # Where a profile can help, the sentence says so.
    "too_precise": ("More than {digits} digits after the point: the profile can round this column.", "Mehr als {digits} Stellen nach dem Komma: Das Profil kann diese Spalte runden."),
    "naive_time": ("{value} has no time zone: name the file's zone in the profile.", "{value} hat keine Zeitzone: Bitte die Zone der Datei im Profil angeben."),
    "other_content": ("The same reading is already there with other content; the first one stays.", "Derselbe Messwert ist schon mit anderem Inhalt da; der erste bleibt."),
    # Notes
    "imported_before": ("This file was imported before with another profile setting, and {accepted} values of it are stored. They stay: what now gets another time or asset counts a second time.", "Diese Datei wurde schon mit einer anderen Einstellung des Profils eingelesen, {accepted} Werte daraus sind gespeichert. Sie bleiben: Was jetzt eine andere Zeit oder Anlage bekommt, zählt ein zweites Mal."),
    "blank_line": ("An empty line.", "Eine leere Zeile."),
    "empty_cell": ("The cell is empty.", "Die Zelle ist leer."),
    "no_value": ("“{text}” stands for no value.", "„{text}“ steht für keinen Wert."),
    "skipped_values": ("From {before} straight to {value}: values in between never appear.", "Von {before} gleich auf {value}: Werte dazwischen kommen nicht vor."),
}  # fmt: skip


class _Shown(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def problem_text(reason: str, params: Mapping[str, str], language: str) -> str:
    """A reason as a sentence in English or German; an unknown one stands for itself."""
    german = language.startswith("de")
    if reason in REASONS:
        sentence = REASONS[reason][german]
    elif reason in INTAKE_REASONS:
        sentence = INTAKE_REASONS[reason]["de" if german else "en"]
    else:
        return reason
    return sentence.format_map(_Shown(params))
