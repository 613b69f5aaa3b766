#!/usr/bin/python3
"""Turns a text file into a C string constant: embed.py [-a] SYMBOL FILE... > out.c

A .yaml file becomes compact JSON first.  With -a the files become one NULL-terminated array of strings, in the order given.
"""
import json
import sys


def text_of(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if path.endswith(".yaml"):
        import yaml
        text = json.dumps(yaml.safe_load(text), separators=(",", ":"), ensure_ascii=False)
    return text


def c_string(text):
    data = text.encode("utf-8")
    lines = []
    for i in range(0, len(data), 60):
        out = ""
        for c in data[i:i + 60]:
            ch = chr(c)
            if ch in '"\\' or c < 32 or c > 126 or ch == "?":
                out += "\\%03o" % c
            else:
                out += ch
        lines.append('    "%s"' % out)
    return "\n".join(lines) or '    ""'


def main():
    args = sys.argv[1:]
    as_array = args[0] == "-a"
    if as_array:
        args = args[1:]
    symbol, files = args[0], args[1:]
    print("/* made by tools/embed.py from %s */" % " ".join(files))
    if not as_array:
        print("extern const char %s[];\nconst char %s[] =\n%s;" % (symbol, symbol, c_string(text_of(files[0]))))
        return
    print("extern const char *const %s[];\nconst char *const %s[] = {" % (symbol, symbol))
    for f in files:
        print(c_string(text_of(f)) + ",")
    print("    0\n};")


main()
