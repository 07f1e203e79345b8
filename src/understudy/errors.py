"""One tree of errors. Each says what happened, why, and what to do; none reaches a user as a traceback.

`docs/errors.md` is made from this file: the class's docstring is the explanation, `code` the name that a user can search for.
"""

from __future__ import annotations


class UnderstudyError(Exception):
    """Something that a person can put right. `what` happened, `why`, and the `remedy` (what to type or do)."""

    code = "error"
    exit_code = 1

    def __init__(self, what: str, *, why: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.remedy = remedy

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.why, self.remedy and f"What to do: {self.remedy}") if part)

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback."""
        return str(self).splitlines()


class UsageError(UnderstudyError):
    """The command or the setting was not understood."""

    code = "usage"
    exit_code = 2


class UnknownSetting(UsageError):
    """A setting with this name does not exist; the nearest one is suggested."""

    code = "usage.unknown-setting"


class BadSetting(UsageError):
    """A setting has a value that it cannot take."""

    code = "usage.bad-setting"


class Interrupted(UnderstudyError):
    """The work was stopped on request. Everything finished so far is kept; the same command goes on from there."""

    code = "interrupted"
    exit_code = 130


# ---------------------------------------------------------------------------------------------------- files, disk


class MediaError(UnderstudyError):
    """A file given as video cannot be used."""

    code = "media"


class MediaNotFound(MediaError):
    """There is no file at this path."""

    code = "media.not-found"


class MediaIsFolder(MediaError):
    """The path is a folder where a video file is needed."""

    code = "media.is-folder"


class MediaEmpty(MediaError):
    """The file has no bytes in it."""

    code = "media.empty"


class MediaNotVideo(MediaError):
    """The file is not a video that can be read (wrong type, or text with a video's name)."""

    code = "media.not-video"


class MediaNoPicture(MediaError):
    """The file has sound but no moving picture."""

    code = "media.no-picture"


class MediaTruncated(MediaError):
    """The file ends before its pictures do, or its index is missing: a download or copy that was cut short."""

    code = "media.truncated"


class MediaUnsupported(MediaError):
    """The video can be opened but has a property that is not supported."""

    code = "media.unsupported"


class MediaChanged(MediaError):
    """The file is not the one that was added to the project (its content differs), or it has moved away."""

    code = "media.changed"


class SameFile(MediaError):
    """Source and target are the same file."""

    code = "media.same-file"


class OutputError(UnderstudyError):
    """The result cannot be written."""

    code = "output"


class OutputExists(OutputError):
    """There is already a file at the output path; nothing is ever overwritten unasked."""

    code = "output.exists"


class OutputNotWritable(OutputError):
    """The output's folder does not exist, is read-only, or is not a folder."""

    code = "output.not-writable"


class DiskFull(OutputError):
    """The disk is full. What was finished is kept; the file in work was left out."""

    code = "output.disk-full"


class UploadRefused(MediaError):
    """What was sent to the studio was not taken: too large, no room for it, or not sent as a file is sent."""

    code = "media.upload"


class OutputFormat(OutputError):
    """The output's file name ends in a format that cannot be written."""

    code = "output.format"


# --------------------------------------------------------------------------------------------------------- project


class ProjectError(UnderstudyError):
    """The project folder cannot be used."""

    code = "project"


class ProjectNotFound(ProjectError):
    """The folder is not an Understudy project."""

    code = "project.not-found"


class ProjectExists(ProjectError):
    """The folder already holds something."""

    code = "project.exists"


class ProjectBroken(ProjectError):
    """A file of the project is damaged or was made by a newer version."""

    code = "project.broken"


class ProjectBusy(ProjectError):
    """Another process is working on this project."""

    code = "project.busy"


class DatabaseBroken(UnderstudyError):
    """A database in the user's home (the studio's queue or its memory) is damaged or was made by a newer version."""

    code = "database.broken"


class StepMissing(ProjectError):
    """A step was asked for before the step that it needs."""

    code = "project.step-missing"


class ForgetIncomplete(ProjectError):
    """After forgetting a person, the search of the project still found something of that person; there is no receipt yet."""

    code = "project.forget-incomplete"


# ----------------------------------------------------------------------------------------------------------- faces


class FaceError(UnderstudyError):
    """The right face could not be found."""

    code = "face"


class NoFace(FaceError):
    """No face was found in the video."""

    code = "face.none"


class PersonAbsent(FaceError):
    """The person asked for with --face is not in the video."""

    code = "face.absent"


class SeveralPeople(FaceError):
    """Several people are seen about equally long; say which one is meant."""

    code = "face.several"


class TooFewFaces(FaceError):
    """Too few usable pictures of the source's face were left to make a face from."""

    code = "face.too-few"


class PackBroken(FaceError):
    """A packed faceset was changed or is not whole; nothing is taken from it."""

    code = "face.pack-broken"


# --------------------------------------------------------------------------------------------------------- weights


class WeightsError(UnderstudyError):
    """A shipped or fetched network file cannot be used."""

    code = "weights"


class WeightsMissing(WeightsError):
    """A network file is not where the set-up puts it."""

    code = "weights.missing"


class WeightsAltered(WeightsError):
    """A network file's checksum is off; it is not used."""

    code = "weights.altered"


class WeightsFetch(WeightsError):
    """The package that carries a network file could not be fetched at set-up."""

    code = "weights.fetch"


# -------------------------------------------------------------------------------------------------------- training


class TrainError(UnderstudyError):
    """Training cannot go on."""

    code = "train"


class CheckpointBroken(TrainError):
    """A checkpoint's checksum is off and no earlier one is left."""

    code = "train.checkpoint-broken"


class CheckpointMissing(TrainError):
    """The training was never at the checkpoint asked for, or it is not kept any more; the message lists those that there are."""

    code = "train.checkpoint-missing"


class TrainingDiverged(TrainError):
    """The loss is not a number any more, in spite of going back."""

    code = "train.diverged"


class NotEnoughMemory(TrainError):
    """The work needs more memory than is free; a smaller setting is proposed."""

    code = "train.memory"


# --------------------------------------------------------------------------------------------------------- consent


class ConsentError(UnderstudyError):
    """The consent gate refused."""

    code = "consent"
    exit_code = 4


class ConsentMissing(ConsentError):
    """Nobody recorded that this person agreed to this use."""

    code = "consent.missing"


class ConsentExpired(ConsentError):
    """The consent ended before today."""

    code = "consent.expired"


class ConsentRevoked(ConsentError):
    """The person took the consent back."""

    code = "consent.revoked"


class ConsentScope(ConsentError):
    """The record is for another role, action or production."""

    code = "consent.scope"


class ConsentRole(ConsentScope):
    """The record is for another role: who lends a face has not agreed to perform, nor the other way round."""

    code = "consent.role"


class ConsentPerson(ConsentScope):
    """The record is of another person than the one whose face it is."""

    code = "consent.person"


class ConsentAltered(ConsentError):
    """The record was changed after it was signed, or was signed by a key that is not trusted here."""

    code = "consent.altered"


class ConsentInvalid(ConsentError):
    """The record lacks something that it must say (a date, an editor, a guardian …)."""

    code = "consent.invalid"


class ConsentGuardian(ConsentInvalid):
    """The record is of a minor, and no guardian agreed."""

    code = "consent.guardian"


class ConsentEditors(ConsentInvalid):
    """Public interest or satire needs two editors who answer for it, and a written reason."""

    code = "consent.editors"


# --------------------------------------------------------------------------------------------------------- refusal


class Refused(UnderstudyError):
    """The studio does not do this, whoever asks."""

    code = "refused"
    exit_code = 5


class RefusedMaterial(Refused):
    """The source, the target or the result looks like sexual material. Nothing is made from it; there is no setting that changes this."""

    code = "refused.sexual"


# ----------------------------------------------------------------------------------------------------- provenance


class CredentialsError(UnderstudyError):
    """Content Credentials could not be made; without them nothing leaves."""

    code = "credentials"


class KeysMissing(CredentialsError):
    """This machine has no signing keys yet; the set-up makes them."""

    code = "credentials.keys-missing"


class CertificateUnusable(CredentialsError):
    """A certificate or key that was given for signing cannot be used: what is wrong is said."""

    code = "credentials.certificate"


class LedgerBroken(UnderstudyError):
    """The ledger's chain does not hold: a row was altered, removed or put in another order."""

    code = "ledger.broken"


class PaperBroken(UnderstudyError):
    """A signed paper (exported ledger, consent bundle, report, receipt, statement) is not one, or was changed after it was signed."""

    code = "paper.broken"


class ComplaintUnknown(UnderstudyError):
    """There is no complaint of this number in the register, or it is closed already."""

    code = "complaint.unknown"


class ComplaintInvalid(UnderstudyError):
    """The complaint, or the decision on it, lacks something that it must say."""

    code = "complaint.invalid"
