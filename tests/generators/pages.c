/* SPDX-License-Identifier: MIT */
/*
 * Writes one page with sample data to standard output, for test_templates.py:
 * `pages NAME` writes it with invented people, `pages NAME hostile` the same with
 * every text replaced by one that tries to leave its place.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "page.h"
#include "templates.h"

static bool hostile;

/* A text of the sample, or the hostile one. */
static const char *
t(const char *s)
{
	return hostile ? "\"'><script>alert(1)</script>&<!--{{ x }}" : s;
}

/* The same for what stands in an address. */
static const char *
a(const char *s)
{
	return hostile ? "javascript:alert(1)//\"'><b>" : s;
}

static struct page_frame
frame(const char *title, const char *here)
{
	return (struct page_frame){ .title = t(title), .here = here,
		.issuer = t("Chiefdom Enterprise"), .csrf = t("b3a1c9"), .docs = true };
}

static struct page_frame
officer(const char *title, const char *here)
{
	struct page_frame f = frame(title, here);

	f.user_name = t("Chanda Mwale");
	f.user_role = t("Operator");
	f.may_list = f.may_enrol = true;
	return f;
}

static void
write_home(struct buf *out)
{
	struct page_frame f = frame("Welcome", "/");
	struct home_page p = { .frame = &f };

	page_home(out, &p);
}

static void
write_home_farmer(struct buf *out)
{
	struct page_frame f = frame("Welcome", "/");
	struct home_page p = { .frame = &f };

	f.user_name = t("Mutale Ng'andu");
	f.user_role = t("Farmer");
	f.own_farmer_id = t("ZM1A2B3C4D");
	f.docs = false;
	page_home(out, &p);
}

static void
write_sign_in(struct buf *out)
{
	struct page_frame f = frame("Sign in", "/sign-in");
	struct sign_in_page p = { .frame = &f };

	page_sign_in(out, &p);
}

static void
write_sign_in_again(struct buf *out)
{
	struct page_frame f = frame("Sign in", "/sign-in");
	struct sign_in_page p = { .frame = &f, .email = t("123456/12/1"),
		.error = t("Invalid NRC or date of birth"), .next = a("/farmers?search=b") };

	page_sign_in(out, &p);
}

static void
write_farmers(struct buf *out)
{
	static const char *const names[] = { "Mutale Ng'andu", "Bwalya Ŋoma",
		"Liñomo Ŵanda Mbbulo-Haamoonga", "Chipo Tembo", "Mwansa Phiri", "Ruth Zulu" };
	static const char *const status[] = { "pending", "verified", "under_review",
		"rejected", "pending_documents", "registered" };
	static const char *const words[] = { "Pending", "Verified", "Under review",
		"Rejected", "Needs documents", "Registered" };
	struct page_frame f = officer("Farmers", "/farmers");
	struct farmers_row rows[20];
	struct farmers_page p = { .frame = &f, .rows = rows, .n = 20,
		.previous = a("/farmers"), .next = a("/farmers?after=65f0c0ffee65") };

	f.notice = t("Ruth Zulu has been registered.");
	for (int i = 0; i < 20; i++)
		rows[i] = (struct farmers_row){ .farmer_id = t("ZM1A2B3C4D"),
			.full_name = t(names[i % 6]), .phone = t("+260977123456"),
			.place = t(i % 3 ? "Kayosha, Chibombo" : "Mungule, Shibuyunji"),
			.registered = t("21 Nov 2026"), .status = t(status[i % 6]),
			.status_words = t(words[i % 6]) };
	page_farmers(out, &p);
}

static void
write_farmers_none(struct buf *out)
{
	struct page_frame f = officer("Farmers", "/farmers");
	struct farmers_page p = { .frame = &f };

	page_farmers(out, &p);
}

static void
write_farmers_not_found(struct buf *out)
{
	struct page_frame f = officer("Farmers", "/farmers");
	struct farmers_page p = { .frame = &f, .search = t("Mwelwa") };

	page_farmers(out, &p);
}

static struct farmer_form_page
form_page(const struct page_frame *f)
{
	static const struct page_choice genders[] = { { "Female", "Female" },
		{ "Male", "Male" }, { "Other", "Other" } };
	static const struct page_choice central[] = { { "CP01", "Chibombo District" },
		{ "CP02", "Chisamba District" } };
	static const struct page_choice eastern[] = { { "EP01", "Chadiza District" } };
	static const struct page_choice chibombo[] = { { "CP01-001", "Chief Chitanda" },
		{ "CP01-002", "Chieftainess Mungule" } };
	static const struct page_choice chisamba[] = { { "CP02-001", "Chief Chamuka" } };
	static const struct page_group gender = { .choices = genders, .n = 3 };
	static const struct page_group districts[] = {
		{ "Central Province", "CP", central, 2 },
		{ "Eastern Province", "EP", eastern, 1 } };
	static const struct page_group chiefdoms[] = {
		{ "Chibombo District", "CP01", chibombo, 2 },
		{ "Chisamba District", "CP02", chisamba, 1 } };
	static const char *const groups[] = { "Bemba", "Tonga", "Lozi" };

	return (struct farmer_form_page){ .frame = f,
		.gender = { .groups = &gender, .n_groups = 1 },
		.district_code = { .groups = districts, .n_groups = 2 },
		.chiefdom_code = { .groups = chiefdoms, .n_groups = 2 },
		.ethnic_groups = groups, .n_ethnic_groups = 3 };
}

static void
write_farmer_new(struct buf *out)
{
	struct page_frame f = officer("Register a farmer", "/farmers/new");
	struct farmer_form_page p = form_page(&f);

	page_farmer_new(out, &p);
}

static void
write_farmer_edit(struct buf *out)
{
	struct page_frame f = officer("Edit", "/farmers");
	struct farmer_form_page p = form_page(&f);
	struct page_fault faults[] = {
		{ "phone_primary", t("Phone: write it like 0977123456 or +260977123456") },
		{ "district_code", t("District: please choose one") } };

	p.farmer_id = t("ZM1A2B3C4D");
	p.full_name = t("Mutale Ng'andu");
	p.faults = faults;
	p.n_faults = 2;
	p.first_name.value = t("Mutale");
	p.last_name.value = t("Ng'andu");
	p.nrc.value = t("123456/12/1");
	p.date_of_birth.value = t("1990-01-31");
	p.gender.value = "Female";
	p.phone_primary = (struct page_field){ t("977"),
		t("Write it like 0977123456 or +260977123456") };
	p.district_code.error = t("Please choose one");
	p.chiefdom_code.value = "CP01-002";
	p.village.value = t("Kayosha");
	p.farm_size_hectares.value = t("2.5");
	p.crops_grown.value = t("maize, groundnuts");
	p.has_irrigation = true;
	page_farmer_edit(out, &p);
}

static struct farmer_page
farmer(const struct page_frame *f)
{
	return (struct farmer_page){ .frame = f, .farmer_id = t("ZM1A2B3C4D"),
		.full_name = t("Mutale Ng'andu"), .status = t("verified"),
		.status_words = t("Verified"), .phone_primary = t("+260977123456"),
		.nrc = t("123456/12/1"), .date_of_birth = t("31 Jan 1990"),
		.gender = t("Female"), .ethnic_group = t("Lenje"),
		.province = t("Central Province"), .district = t("Chibombo District"),
		.chiefdom = t("Chieftainess Mungule"), .village = t("Kayosha"),
		.gps = t("-14.4469, 28.4464"), .farm_size = t("2.5 ha (6.2 acres)"),
		.crops = t("maize, groundnuts, sunflower"), .livestock = t("goats"),
		.irrigation = t("no"), .years_farming = t("12"), .household_size = t("6"),
		.dependents = t("4"), .income = t("Sale of maize"),
		.registered = t("21 Nov 2026"), .registered_by = t("Chanda Mwale"),
		.may_edit = true, .may_photo = true, .may_card = true };
}

static void
write_farmer(struct buf *out)
{
	struct page_frame f = officer("Mutale Ng'andu", "/farmers");
	struct farmer_page p = farmer(&f);

	p.photo = t("65f0c0ffee65f0c0ffee00aa");
	p.card_serial = t("00000118A9");
	p.card_issued = t("21 Nov 2026");
	p.card_expires = t("20 Nov 2031");
	page_farmer(out, &p);
}

static void
write_farmer_bare(struct buf *out)
{
	struct page_frame f = officer("Mutale Ng'andu", "/farmers");
	struct farmer_page p = farmer(&f);

	p.status = t("pending_documents");
	p.status_words = t("Needs documents");
	p.switched_off = true;
	p.review_notes = t("The NRC can't be read.\nPlease take a new picture.");
	p.photo_error = t("This is not a picture we can read");
	p.card_error = t("The card could not be made; please try again");
	page_farmer(out, &p);
}

static void
write_farmer_own(struct buf *out)
{
	struct page_frame f = frame("My record", "/farmers");
	struct farmer_page p = farmer(&f);

	f.user_name = t("Mutale Ng'andu");
	f.user_role = t("Farmer");
	f.own_farmer_id = t("ZM1A2B3C4D");
	p.may_edit = p.may_card = false;
	page_farmer(out, &p);
}

static void
write_verify(struct buf *out)
{
	struct page_frame f = frame("Verify a card", "/verify");
	struct verify_page p = { .frame = &f, .qr = t("") };

	page_verify(out, &p);
}

static void
write_verify_good(struct buf *out)
{
	struct page_frame f = frame("Verify a card", "/verify");
	struct verify_page p = { .frame = &f, .qr = t("NCFOXN%TSMAHO"), .good = true,
		.verdict = t("This card is genuine"), .words = t("Signed by the register, "
		    "and not revoked."), .full_name = t("Mutale Ng'andu"),
		.farmer_id = t("ZM1A2B3C4D"), .district = t("Chibombo District"),
		.status = t("Verified"), .serial = t("00000118A9"),
		.issued = t("21 Nov 2026"), .expires = t("20 Nov 2031") };

	page_verify(out, &p);
}

static void
write_verify_bad(struct buf *out)
{
	struct page_frame f = frame("Verify a card", "/verify");
	struct verify_page p = { .frame = &f, .qr = t("NCFOXN%TSMAHO"),
		.verdict = t("Do not accept this card"),
		.words = t("Its signature is not the register's: it was made or changed by "
		    "somebody else.") };

	page_verify(out, &p);
}

static void
write_docs(struct buf *out)
{
	struct docs_field fields[] = {
		{ t("first_name"), t("text"), t("1 to 100 characters"), t("As on the NRC"), true },
		{ t("phone_secondary"), t("text"), t("10 digits"), NULL, false } };
	struct docs_route routes[] = {
		{ "GET", t("/api/farmers"), t("anybody signed in"), t("Farmers, newest first"),
		    t("FarmerFind"), t("FarmerItem"), fields, fields, 2, 2 },
		{ "POST", t("/api/farmers"), t("operators and administrators"),
		    t("Register a farmer"), t("FarmerForm"), t("Farmer"), fields, NULL, 2, 0 },
		{ "PUT", t("/api/farmers/{farmer_id}"), t("operators"), t("Change a record"),
		    NULL, NULL, NULL, NULL, 0, 0 },
		{ "DELETE", t("/api/farmers/{farmer_id}/photo"), t("operators"),
		    t("Take the photo away"), NULL, t("Done"), NULL, fields, 0, 1 } };
	struct docs_group groups[] = { { t("farmers"), routes, 4 }, { t("auth"), routes, 1 } };
	struct page_frame f = frame("API", "/docs");
	struct docs_page p = { .frame = &f, .groups = groups, .n = 2, .n_routes = 5 };

	page_docs(out, &p);
}

static void
write_share(struct buf *out)
{
	const struct share_page_file files[] = {
		{ t("map.pdf"), "1.2 MB", a("/s/token/content/1") },
		{ t("old.txt"), "5 bytes", NULL } };
	struct page_frame f = frame("Shared files", "");
	struct share_page p = { .frame = &f, .token = a("token"), .until = "2 Jan 2026",
		.files = files, .n = 2 };

	page_share(out, &p);
}

static void
write_share_locked(struct buf *out)
{
	struct page_frame f = frame("Shared files", "");
	struct share_page p = { .frame = &f, .token = a("token"), .locked = true,
		.error = t("That is not the password."), .until = "2 Jan 2026" };

	page_share(out, &p);
}

static void
write_message(struct buf *out)
{
	struct page_frame f = frame("Not found", "");
	struct message_page p = { .frame = &f, .status = 404,
		.heading = t("There is no such page"),
		.words = t("The address may be mistyped, or the record is not yours to see."),
		.back = a("/"), .back_words = t("To the first page") };

	page_message(out, &p);
}

static const struct sample {
	const char *name;
	void (*write)(struct buf *out);
} samples[] = {
	{ "home", write_home }, { "home_farmer", write_home_farmer },
	{ "sign_in", write_sign_in }, { "sign_in_again", write_sign_in_again },
	{ "farmers", write_farmers }, { "farmers_none", write_farmers_none },
	{ "farmers_not_found", write_farmers_not_found },
	{ "farmer_new", write_farmer_new }, { "farmer_edit", write_farmer_edit },
	{ "farmer", write_farmer }, { "farmer_bare", write_farmer_bare },
	{ "farmer_own", write_farmer_own },
	{ "verify", write_verify }, { "verify_good", write_verify_good },
	{ "verify_bad", write_verify_bad }, { "docs", write_docs },
	{ "share", write_share }, { "share_locked", write_share_locked },
	{ "message", write_message }
};

int
main(int argc, char **argv)
{
	struct arena *arena = arena_make(8 << 20, NULL);
	struct buf out = buf_make(arena, 0);

	hostile = argc > 2 && strcmp(argv[2], "hostile") == 0;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		if (argc < 2)
			printf("%s\n", samples[i].name);
		else if (strcmp(samples[i].name, argv[1]) == 0)
			samples[i].write(&out);
	fwrite(out.bytes, 1, out.n, stdout);
	arena_end(arena);
	return 0;
}
