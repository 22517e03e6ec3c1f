"""Paths that must never be taken, by what is wrong with them, as they look when they were percent-decoded once."""

ENCODED_DOTS = ("..", "%2e%2e", "%2E%2e", ".%2e", "%2e.", "%252e%252e", "%25252e%25252e")
SLASHES = ("/", "%2f", "%2F", "%252f", "\\", "%5c", "%255c", "%5C")

DOTDOT = [
    *ENCODED_DOTS,
    *(f"{dots}{slash}secret.txt" for dots in ENCODED_DOTS for slash in SLASHES),
    *(f"a{slash}{dots}{slash}{dots}{slash}secret.txt" for dots in ENCODED_DOTS for slash in SLASHES),
    "a/../../secret.txt",
    "a/..",
    "../",
    "a/../b.txt",
    "..;/secret.txt",
    "..;x=1/secret.txt",
    "a/..;/b",
    "..#/secret.txt",
    "..?/secret.txt",
    "a/..%23/b",
    "a/ ../b",
    "a/.. /b",
    "./secret.txt",
    "a/./b",
    "a/.",
    "a%2f..%2fb",
    "....//secret.txt",
    "..%00/secret.txt",
]

ABSOLUTE = [
    "/",
    "/etc/passwd",
    "//etc/passwd",
    "//host/share/x",
    "///x",
    "a//b",
    "a//",
    "C:\\x",
    "C:/x",
    "c:x",
    "\\\\host\\share\\x",
    "\\x",
    "file:/etc/passwd",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "file://localhost/etc/passwd",
    "%2fetc%2fpasswd",
    "http://127.0.0.1/x",
    "s3://bucket/x",
]

ANYWHERE = [path for path in ABSOLUTE if not path.lower().startswith(("c:", "file:"))]
"""Those that are not taken below a folder either."""

CONTROL = [f"a{character}b" for character in "\0\n\r\t\x01\x1b\x1f\x7f\x80\x85\x9f"] + ["a%00b", "\ud800", "a\udfff"]

OVERLONG = ["x" * 256, "é" * 128, "a/" + "x" * 256 + "/b", "/".join(["x" * 200] * 6), "a/" * 513]
