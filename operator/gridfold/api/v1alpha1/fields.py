"""Types of fields that several parts of the spec share, with their bounds and patterns."""

from typing import Annotated

from pydantic import Field, Strict

#: What the API server calls an integer: neither true nor "5".
Int = Annotated[int, Strict()]
Bool = Annotated[bool, Strict()]
Seed = Annotated[Int, Field(ge=0, le=4294967295)]
Percent = Annotated[Int, Field(ge=1, le=98)]
ColumnName = Annotated[str, Field(min_length=1, max_length=256)]
ShortText = Annotated[str, Field(max_length=256)]
ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
#: Kueue's label for it is a label's value, and the queue an object's name; "" where there is none.
QueueName = Annotated[str, Field(max_length=63, pattern=r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$")]
#: The platform's name of a trainer image.
TrainerName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
DEFAULT_TRAINER = "default"
Decimal = Annotated[str, Field(max_length=32, pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
Quantity = Annotated[
    str,
    Field(max_length=32, pattern=r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?$"),
]
URI_PATTERN = r"^(s3://[^/?*\[]+/.*|https://[^/?#]+/.*|file:.+)$"
FOLDER_PATTERN = r"^(s3://[^/]+/(.*/)?|file:.+/)$"
ENDPOINT_PATTERN = r"^https?://[^/?#]+/?$"
CLASS_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$"
DELIMITER_PATTERN = r"^([\t -!#-~]|Whitespace)$"
DATE_FORMAT_PATTERN = r"^([^%]|%[dmyYHMSfIpbBjz%])+$"
#: What people are told where a text does not match.
PATTERN_WORDS = {
    URI_PATTERN: "must be s3://bucket/key, https://host/path or, on a laptop, file:PATH",
    FOLDER_PATTERN: "must be a folder and end in a slash: s3://bucket/folder/ or, on a laptop, file:FOLDER/",
    ENDPOINT_PATTERN: "must be the address of a server: http://HOST:PORT or https://HOST",
    CLASS_PATTERN: "must be the full name of a class, such as sklearn.svm.SVC",
    DELIMITER_PATTERN: 'must be one ASCII character, such as ";" or "\\t" (in double quotes), or Whitespace',
    DATE_FORMAT_PATTERN: "must be in the words of strptime, such as %d.%m.%Y or %m/%d/%Y %H:%M",
}
Uri = Annotated[str, Field(min_length=1, max_length=1024, pattern=URI_PATTERN)]
FolderUri = Annotated[str, Field(min_length=1, max_length=1024, pattern=FOLDER_PATTERN)]
