# SPDX-License-Identifier: MIT
"""Figure 2: the CPU time of a card, against two other programs that draw it."""
import json
import os
import statistics
import subprocess

import bed as beds

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# The fields of the file that bare_card.c and card_reportlab.py read, between tabs.
FIELDS = ("full_name farmer_id nrc birth_date gender phone village chiefdom district "
          "province created_by serial issued expires issuer_name verified photo "
          "qr").split()


def farmers_with_photo(bed, n):
    """n farmer ids. The first sample farmers have a drawn portrait; more get one."""
    ids = [row[0] for row in bed.rows(
        "SELECT farmer_id FROM farmer ORDER BY farmer_id LIMIT ?", n)]
    if len(ids) != n:
        raise AssertionError("there are only %d farmers" % len(ids))
    without = {row[0] for row in bed.rows(
        "SELECT farmer_id FROM farmer WHERE portrait_file_id IS NULL")}
    photo = bed.rows("SELECT photo_file_id FROM farmer"
                     " WHERE photo_file_id IS NOT NULL LIMIT 1")[0][0]
    content = bed.admin.get("/api/files/" + photo).content
    for one in ids:
        if one in without:
            reply = bed.admin.upload("/api/farmers/%s/upload-photo" % one, content)
            if reply.status_code != 200:
                raise AssertionError(reply.text)
    return ids


def generate(bed, ids):
    """Issue a card to each; CPU milliseconds of a card, by all our processes."""
    before = bed.cpu_s()
    for one in ids:
        reply = bed.admin.post("/api/farmers/%s/generate-idcard" % one)
        if reply.status_code != 202:
            raise AssertionError(reply.text)
    beds.wait_quiet()
    return (bed.cpu_s() - before) * 1000 / len(ids)


def date(us):
    return subprocess.run(["date", "-u", "-d", "@%d" % (us // 1000000), "+%F"],
                          stdout=subprocess.PIPE, check=True).stdout.decode().strip()


def write_cards(bed, ids, folder):
    """What is on the cards just issued, for the other two programs; the file."""
    issued = {row[0]: row[1:] for row in bed.rows(
        "SELECT c.farmer_id, c.card_serial, c.issued_at, c.expires_at,"
        " f.portrait_file_id, f.chiefdom_name, f.village, f.district_name,"
        " f.province_name, f.created_by"
        "  FROM card AS c JOIN farmer AS f ON f.farmer_id = c.farmer_id"
        " WHERE c.revoked_at IS NULL")}
    # The register keeps QR texts sealed: a published one of the same length stands in.
    with open(os.path.join(ROOT, "tests", "data", "kat169.json"), encoding="utf-8") as f:
        qr = json.load(f)["qr"]
    name = os.path.join(folder, "cards.tsv")
    with open(name, "w", encoding="utf-8") as f:
        for one in ids:
            (serial, since, until, portrait, chiefdom, village, district, province,
             by) = issued[one]
            farmer = bed.admin.get("/api/farmers/" + one).json()
            person = farmer["personal_info"]
            serial = " ".join(serial[i:i + 4] for i in range(0, 16, 4)).upper()
            card = (person["first_name"] + " " + person["last_name"], one,
                    person["nrc"], person["date_of_birth"], person["gender"],
                    person["phone_primary"], village, chiefdom or "", district,
                    province, by, serial, date(since), date(until),
                    "MWasree Enterprises Ltd", "1" if farmer["registration_status"]
                    in ("verified", "approved") else "0", bed.store_path(portrait), qr)
            f.write("\t".join(card) + "\n")
    return name


def other(command):
    """CPU milliseconds of a card by another program."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          timeout=300, check=True)
    return float(done.stdout.split()[1])


def cards(table, bed, build, folder, quick):
    ids = farmers_with_photo(bed, 300)
    generate(bed, ids[:40])  # each worker has loaded its fonts then
    ours, bare, python = [], [], []
    for turn in range(2 if quick else 3):
        ours.append(generate(bed, ids))
        if not turn:
            name = write_cards(bed, ids, folder)
        for _ in range(3):
            bare.append(other([os.path.join(build, "bare_card"), name]))
        if turn < 2:
            python.append(other(["/usr/bin/python3",
                                 os.path.join(beds.HERE, "card_reportlab.py"), name]))
    ours, bare, python = map(statistics.median, (ours, bare, python))
    table.add("card: read, drawn, signed, stored: CPU", (ours, "ms"))
    table.add("card by reportlab and qrcode (Python): CPU", (python, "ms"),
              python / ours, least=10)
    table.add("card by bare cairo and libqrencode (C): CPU", (bare, "ms"),
              ours / bare, most=1.5)
