# SPDX-License-Identifier: MIT
"""The flaws of the system before this one. Each has a test whose description begins with
"Flaw N:"; this one looks that none is without."""
import ast
import os
import re

import server as servers

FLAWS = """
1 anybody changed ethnic groups
2 a farmer verified himself, or changed his NRC
3 a farmer listed everybody
4 any session read any file
5 any file of the program was readable by its path
6 uploads lay in a public folder
7 a farmer printed anybody's card
8 requests for supplies came to a farmer by e-mail, or to the first without one
9 the synchronisation had a check of sessions of its own, which checked little
10 a refresh token served as an access token
11 who was switched off kept his session
12 operators reached farmers of all districts
13 an operator without districts saw all farmers
14 operators read each other, with hashes
15 the login of a deleted operator worked on
16 a farmer's account without a farmer read anybody
17 the health page told of hosts and drivers
18 the interface was described to the world
19 the last administrator could end himself, or two each other
20 old cards verified for ever, and without limit
21 NRC and birth date could be tried without limit, and were on the card
22 an empty NRC with an empty birth date signed in
23 answers and their time told who is known
24 tokens outlived password, role and sign-out
25 farmers could not refresh
26 passwords, NRCs and birth dates stood in the logs
27 one key for everything, and NRCs in clear
28 the code on the card was unsigned, and called everybody verified
29 what was signed for the old code could be cut in two ways
30 default credentials, and a start that resets the password
31 a farmer's change of password was a 500
32 passwords were cut at 72 bytes
33 a token library with known holes
34 look first, then insert: doubles
35 codes of new places collided with the first ones
36 changes passed without the checks of a registration
37 half a farm was stored, and broke its farmer
38 every part had its own words for the status
39 missing facts were made up
40 other digits and line ends passed as an NRC
41 one code led to two places, and lists were cut
42 deleting left files, cards and sessions
43 a photo had three places, and no card showed it
44 requests for supplies took any text
45 districts of an operator could not be cleared, and were not checked
46 times of accounts changed at each look
47 times had no zone
48 NaN, bad bytes and weak passwords were a 500
49 a body that is no object was a 500, and whole bodies went to the log
50 uploads without limit, by the word of the client
51 HTML as a document
52 texts as patterns
53 logs for ever
54 the synchronisation wrote any key into any farmer
55 a report without end, broken by one farmer
56 one query for each row
57 limits without bounds
58 totals of what was returned
59 a temporary file for each download
60 whole files in memory, and names in headers as they came
61 tasks that fail without a word, queued without end
62 a broker that is down held up everybody
63 the tree of places told who added them
64 origins of all kinds, and errors without them
65 refusals told of other people
66 unknown paths, slashes and HEAD were 405
67 the address of the proxy for everybody
68 the id of a reply was not the one in the log
"""


def marks():
    """{number: the tests that say they prevent it} of the whole folder."""
    found = {}
    for where, _, names in os.walk(os.path.join(servers.ROOT, "tests")):
        for name in names:
            if not (name.startswith("test_") and name.endswith(".py")):
                continue
            with open(os.path.join(where, name), encoding="utf-8") as f:
                tree = ast.parse(f.read())
            for node in tree.body:
                if not isinstance(node, ast.FunctionDef):
                    continue
                words = ast.get_docstring(node) or ""
                said = re.match(r"Flaws? (\d+(?:, \d+)*): \S", words)
                assert said or not re.match(r"Flaw", words), (name, node.name)
                if said:
                    assert node.name.startswith("test_"), (name, node.name)
                    for number in said.group(1).split(", "):
                        found.setdefault(int(number), []).append(
                            "%s::%s" % (name, node.name))
    return found


def test_every_flaw_has_a_test():
    known = {int(line.split(" ")[0]) for line in FLAWS.strip().split("\n")}
    assert known == set(range(1, 69))
    found = marks()
    assert set(found) <= known, set(found) - known
    assert not known - set(found), sorted(known - set(found))
