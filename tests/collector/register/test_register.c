#include "collector/register/register.h"

#include <dirent.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/file.h"
#include "tests/support/check.h"

enum { TEXT_MAX = 1 << 20 };

static struct strbuf mistakes, warnings;

static struct agency_register *parse_as(const char *name, struct slice text)
{
	strbuf_init(&mistakes, TEXT_MAX);
	strbuf_init(&warnings, TEXT_MAX);
	return agencies_parse(name, text, &mistakes, &warnings);
}

static void clean(struct agency_register *agencies)
{
	agencies_unref(agencies);
	strbuf_done(&mistakes);
	strbuf_done(&warnings);
}

static struct agency_register *load_demo(void)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/configs/agencies.yaml", getenv("SOC_SOURCE"));
	strbuf_init(&mistakes, TEXT_MAX);
	strbuf_init(&warnings, TEXT_MAX);
	struct agency_register *agencies = agencies_load(path, &mistakes, &warnings);
	ck_assert_msg(agencies != NULL, "%s", strbuf_cstr(&mistakes));
	return agencies;
}

static int64_t moment(const char *text)
{
	int64_t ns;
	size_t used;

	ck_assert(clock_parse_iso(slice_str(text), 0, &ns, &used));
	return ns;
}

/* ---- the demo register ---------------------------------------------------- */

START_TEST(the_demo_register_is_good)
{
	struct agency_register *agencies = load_demo();

	ck_assert_uint_eq(warnings.len, 0);
	ck_assert_str_eq(agencies_province(agencies)->code, "H47");
	ck_assert_int_eq(agencies_province(agencies)->zone_seconds, 7 * 3600);
	ck_assert_uint_eq(agencies_count(agencies), 6);
	for (size_t i = 0; i < agencies_count(agencies); i++) {
		const struct agency *agency = agencies_at(agencies, i);

		ck_assert_uint_eq(agency->number, i + 1);
		ck_assert_ptr_eq(agencies_find(agencies, agency->number), agency);
	}
	ck_assert_ptr_null(agencies_find(agencies, 0));
	ck_assert_ptr_null(agencies_find(agencies, 7));
	clean(agencies);
}
END_TEST

START_TEST(attributes_change_at_midnight_of_the_province)
{
	struct agency_register *agencies = load_demo();
	const struct agency *agency = agencies_find(agencies, 1);
	int64_t change = moment("2025-07-01T00:00:00+07:00");

	ck_assert_str_eq(agency_attributes_at(agency, change - 1)->identifier, "000.00.12.H47");
	ck_assert_str_eq(agency_attributes_at(agency, change)->identifier, "H47.02.12");
	ck_assert_str_eq(agency_attributes_at(agency, INT64_MIN)->identifier, "000.00.12.H47");
	ck_assert_str_eq(agency_attributes_at(agency, INT64_MAX)->identifier, "H47.02.12");
	ck_assert_uint_eq(agency_attributes_at(agency, change)->parent, 2);
	clean(agencies);
}
END_TEST

START_TEST(agencies_begin_and_end)
{
	struct agency_register *agencies = load_demo();
	const struct agency *district = agencies_find(agencies, 5);
	const struct agency *commune = agencies_find(agencies, 6);
	int64_t change = moment("2025-07-01T00:00:00+07:00");

	ck_assert(agency_exists(district, change - 1) && !agency_exists(district, change));
	ck_assert(!agency_exists(commune, change - 1) && agency_exists(commune, change));
	ck_assert(!agency_exists(district, moment("2020-12-31T16:59:59Z")));
	clean(agencies);
}
END_TEST

static void check_place(const struct agency_register *agencies, uint32_t agency, uint32_t host,
	const char *at, unsigned system, unsigned level, bool listed)
{
	struct agency_place place;

	ck_assert(agencies_place(agencies, agency, host, moment(at), &place));
	ck_assert_uint_eq(place.agency, agency);
	ck_assert_uint_eq(place.system, system);
	ck_assert_uint_eq(place.level, level);
	ck_assert(place.listed == listed);
}

START_TEST(hosts_stand_in_a_system_with_its_level)
{
	struct agency_register *agencies = load_demo();
	struct agency_place place;

	check_place(agencies, 1, 2, "2026-06-30T16:59:59Z", 2, 2, true);
	check_place(agencies, 1, 2, "2026-06-30T17:00:00Z", 2, 3, true);
	check_place(agencies, 1, 99, "2026-01-01T00:00:00Z", 1, 3, false);
	check_place(agencies, 4, 10, "2026-01-01T00:00:00Z", 1, 3, true);
	check_place(agencies, 4, 11, "2026-01-01T00:00:00Z", 2, 1, false);
	check_place(agencies, 4, UINT32_MAX, "2026-01-01T00:00:00Z", 2, 1, false);
	ck_assert(!agencies_place(agencies, 7, 1, 0, &place));
	ck_assert(!agencies_place(agencies, 0, 0, 0, &place));
	clean(agencies);
}
END_TEST

START_TEST(a_reference_keeps_an_old_register_alive)
{
	struct agency_register *agencies = load_demo();
	struct agency_register *held = agencies_ref(agencies);

	clean(agencies);
	ck_assert_str_eq(agencies_province(held)->code, "H47");
	agencies_unref(held);
	agencies_unref(NULL);
}
END_TEST

START_TEST(a_host_moves_between_systems)
{
	struct agency_register *agencies = parse_as("f",
		SLICE_LIT("province: {code: H01, name: A}\n"
			  "agencies:\n"
			  "  - number: 9\n"
			  "    attributes: [{from: 2020-01-01, identifier: H01.1, name: B}]\n"
			  "    systems: [{number: 3, name: x, level: 1}, "
			  "{number: 1, name: y, level: 5}]\n"
			  "    hosts:\n"
			  "      - {number: 4, system: 1, from: 2026-01-01}\n"
			  "      - {number: 4, system: 3, from: 2024-01-01}\n"));

	ck_assert_msg(agencies != NULL, "%s", strbuf_cstr(&mistakes));
	check_place(agencies, 9, 4, "2023-12-31T16:59:59Z", 3, 1, false); /* the default */
	check_place(agencies, 9, 4, "2025-12-31T16:59:59Z", 3, 1, true);
	check_place(agencies, 9, 4, "2025-12-31T17:00:00Z", 1, 5, true);
	ck_assert_uint_eq(agencies_at(agencies, 0)->default_system->number, 3);
	ck_assert_uint_eq(agencies_at(agencies, 0)->systems[0].number, 1);
	clean(agencies);
}
END_TEST

/* ---- attribution ---------------------------------------------------------- */

static struct netaddr address(const char *text)
{
	struct netaddr addr = {0};

	ck_assert(netaddr_parse(slice_str(text), &addr));
	return addr;
}

static struct agencies_facts of_addresses(const char *destination, const char *source)
{
	return (struct agencies_facts){
		.addresses = {address(destination), address(source)}, .n_addresses = 2};
}

static void check_whose(const struct agency_register *agencies, uint32_t host,
	const char *source, const struct agencies_facts *facts, unsigned agency,
	unsigned system)
{
	struct agency_place place = {0};
	enum agencies_outcome outcome = agencies_attribute(agencies, 1, host, slice_str(source),
		facts, moment("2026-01-01T00:00:00Z"), &place);

	ck_assert_int_eq(outcome, agency ? AGENCIES_ATTRIBUTED : AGENCIES_UNATTRIBUTED);
	ck_assert_uint_eq(place.agency, agency);
	ck_assert_uint_eq(place.system, system);
}

START_TEST(addresses_say_whose_a_record_is)
{
	struct agency_register *agencies = load_demo();
	struct agencies_facts facts;

	ck_assert(agencies_is_shared(agencies, 1, 1));
	facts = of_addresses("10.47.5.7", "203.0.113.9");
	check_whose(agencies, 1, "fw", &facts, 3, 1);
	facts = of_addresses("10.47.5.200", "203.0.113.9"); /* inside of the one above */
	check_whose(agencies, 1, "fw", &facts, 4, 1);
	facts = of_addresses("198.51.100.1", "10.47.61.3"); /* going out */
	check_whose(agencies, 1, "fw", &facts, 6, 2);
	facts = of_addresses("10.47.2.1", "10.47.61.3"); /* inside: the one attacked */
	check_whose(agencies, 1, "fw", &facts, 2, 2);
	facts = of_addresses("2001:db8:47:5::9", "2001:db8::1");
	check_whose(agencies, 1, "fw", &facts, 3, 1);
	facts = of_addresses("10.47.9.9", "192.0.2.1");
	check_whose(agencies, 1, "fw", &facts, 0, 0);
	facts = (struct agencies_facts){0};
	check_whose(agencies, 1, "fw", &facts, 0, 0);
	clean(agencies);
}
END_TEST

START_TEST(names_say_whose_a_record_is)
{
	struct agency_register *agencies = load_demo();
	const char *log = "/var/log/mail.log";

	check_whose(agencies, 2, log,
		&(struct agencies_facts){.account = SLICE_LIT("an@BVDK.songthu.example")}, 4,
		2);
	check_whose(agencies, 2, log,
		&(struct agencies_facts){.account = SLICE_LIT("an@x.syt.songthu.example")}, 3,
		1);
	check_whose(agencies, 2, log,
		&(struct agencies_facts){.account_domain = SLICE_LIT("syt.songthu.example")}, 3,
		1);
	check_whose(agencies, 2, log,
		&(struct agencies_facts){
			.virtual_host = SLICE_LIT("a.b.cuado.songthu.example")},
		6, 2);
	check_whose(agencies, 2, log,
		&(struct agencies_facts){.virtual_host = SLICE_LIT("cuado.songthu.example")}, 0,
		0);
	check_whose(agencies, 2, log,
		&(struct agencies_facts){.account = SLICE_LIT("bvdk.songthu.example")}, 0, 0);
	check_whose(agencies, 2, log,
		&(struct agencies_facts){.account = SLICE_LIT("an@evil-bvdk.songthu.example")},
		0, 0);
	check_whose(agencies, 2, log,
		&(struct agencies_facts){.account = SLICE_LIT("a@syt.songthu.example"),
			.virtual_host = SLICE_LIT("mail.cuado.songthu.example")},
		3, 1); /* the rule that stands first */
	clean(agencies);
}
END_TEST

START_TEST(names_are_found_in_small_and_large_letters)
{
	static const char *const names[] = {
		"ALPHA", "Beta", "GAMMA", "delta", "Zeta.x", "eta-1"};
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	strbuf_add_str(&text,
		"province: {code: H01, name: A}\nagencies:\n"
		" - {number: 1, systems: [{number: 1, name: x, level: 1},"
		" {number: 2, name: y, level: 2}],\n"
		"    attributes: [{from: 2020-01-01, identifier: H01.1, name: B}]}\n"
		"shared-sources:\n - {agency: 1, host: 1, agencies: [1], rules: [\n"
		"  {by: group, values: [Omega, alpha], agency: 1, system: 1},\n"
		"  {by: host-name, values: [alpha, bETA, gamma, Delta, zETA.X, Eta-1],"
		" agency: 1, system: 2}]}\n");
	struct agency_register *agencies = parse_as("f", strbuf_slice(&text));
	ck_assert_msg(agencies != NULL, "%s", strbuf_cstr(&mistakes));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		check_whose(agencies, 1, "",
			&(struct agencies_facts){.host_name = slice_str(names[i])}, 1, 2);
	check_whose(
		agencies, 1, "", &(struct agencies_facts){.group = SLICE_LIT("OMEGA")}, 1, 1);
	check_whose(
		agencies, 1, "", &(struct agencies_facts){.group = SLICE_LIT("beta")}, 0, 0);
	clean(agencies);
	strbuf_done(&text);
}
END_TEST

static uint32_t named(const struct agency_register *agencies, uint32_t agency, const char *name)
{
	uint32_t host = 0;

	return agencies_host_named(agencies, agency, slice_str(name), &host) ? host : 0;
}

START_TEST(hosts_are_found_by_name_within_their_agency)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	strbuf_add_str(&text,
		"province: {code: H01, name: A}\nagencies:\n"
		" - {number: 1, systems: [{number: 1, name: x, level: 1}],\n"
		"    attributes: [{from: 2020-01-01, identifier: H01.1, name: B}], hosts: [\n"
		"    {number: 5, system: 1, name: Web}, {number: 6, system: 1, name: twin},\n"
		"    {number: 7, system: 1, name: TWIN}, {number: 8, system: 1},\n"
		"    {number: 9, system: 1, name: moved},\n"
		"    {number: 9, system: 1, name: moved, from: 2025-01-01},\n"
		"    {number: 10, system: 1, name: db.example}]}\n"
		" - {number: 2, systems: [{number: 1, name: x, level: 1}],\n"
		"    attributes: [{from: 2020-01-01, identifier: H01.2, name: C}], hosts: [\n"
		"    {number: 1, system: 1, name: web}]}\n");
	struct agency_register *agencies = parse_as("f", strbuf_slice(&text));
	ck_assert_msg(agencies != NULL, "%s", strbuf_cstr(&mistakes));
	ck_assert_uint_eq(named(agencies, 1, "web"), 5);
	ck_assert_uint_eq(named(agencies, 1, "WEB.example.gov.vn"), 5);
	ck_assert_uint_eq(named(agencies, 2, "web"), 1);
	ck_assert_uint_eq(named(agencies, 1, "twin"), 0);
	ck_assert_uint_eq(named(agencies, 1, "moved"), 9);
	ck_assert_uint_eq(named(agencies, 1, "db.example"), 10);
	ck_assert_uint_eq(named(agencies, 1, "db"), 0);
	ck_assert_uint_eq(named(agencies, 1, ""), 0);
	ck_assert_uint_eq(named(agencies, 1, ".example"), 0);
	ck_assert_uint_eq(named(agencies, 3, "web"), 0);
	clean(agencies);
	strbuf_done(&text);
}
END_TEST

START_TEST(other_sources_of_the_host_are_its_own)
{
	struct agency_register *agencies = load_demo();
	struct agencies_facts facts = {.account = SLICE_LIT("an@bvdk.songthu.example")};
	struct agency_place place;

	ck_assert(agencies_is_shared(agencies, 1, 2));
	ck_assert(!agencies_is_shared(agencies, 1, 3));
	ck_assert(!agencies_is_shared(agencies, 2, 1));
	ck_assert_int_eq(agencies_attribute(agencies, 1, 2, SLICE_LIT("/var/log/auth.log"),
				 &facts, 0, &place),
		AGENCIES_OWN);
	ck_assert_int_eq(agencies_attribute(agencies, 2, 1, SLICE_LIT("x"), &facts, 0, &place),
		AGENCIES_OWN);
	clean(agencies);
}
END_TEST

/* Beside the simple way: the smallest rule whose prefix holds the address. */
static unsigned simple_rule(const struct netprefix *prefixes, unsigned n, struct netaddr addr)
{
	for (unsigned i = 0; i < n; i++) {
		if (netprefix_holds(&prefixes[i], &addr))
			return i + 1;
	}
	return 0;
}

START_TEST(nested_prefixes_agree_with_a_plain_search)
{
	static const char *const texts[] = {"10.1.1.0/24", "::/127", "2001:db8:1::/48",
		"10.1.0.0/16", "10.3.0.0/16", "2001:db8::/32", "10.0.0.0/8", "0.0.0.0/0",
		"::/0"};
	struct netprefix prefixes[ARRAY_LEN(texts)];
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	strbuf_add_str(&text, "province: {code: H01, name: A}\nagencies:\n");
	for (unsigned i = 1; i <= ARRAY_LEN(texts); i++)
		strbuf_addf(&text,
			" - {number: %u, systems: [{number: 1, name: x, level: 1}],\n"
			"    attributes: [{from: 2020-01-01, identifier: H01.%u, name: B}]}\n",
			i, i);
	strbuf_add_str(&text, "shared-sources:\n - agency: 1\n   host: 1\n   agencies: "
			      "[1, 2, 3, 4, 5, 6, 7, 8, 9]\n   rules:\n");
	for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
		ck_assert(netprefix_parse(slice_str(texts[i]), &prefixes[i], NULL));
		strbuf_addf(&text, "   - {by: prefix, values: ['%s'], agency: %u}\n", texts[i],
			i + 1);
	}
	struct agency_register *agencies = parse_as("f", strbuf_slice(&text));
	ck_assert_msg(agencies != NULL, "%s", strbuf_cstr(&mistakes));

	static const char *const asked[] = {"10.1.1.1", "10.1.2.1", "10.2.0.0", "10.3.255.255",
		"10.4.0.0", "9.255.255.255", "11.0.0.0", "0.0.0.0", "255.255.255.255",
		"::", "::1", "::2", "2001:db8:1::5",
		"2001:db8:2::", "2001:db9::", "2001:db7:ffff::", "ffff::", "10.1.0.255",
		"10.1.1.255"};
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		struct agencies_facts facts = {
			.addresses = {address(asked[i])}, .n_addresses = 1};

		check_whose(agencies, 1, "", &facts,
			simple_rule(prefixes, ARRAY_LEN(texts), facts.addresses[0]), 1);
	}
	clean(agencies);
	strbuf_done(&text);
}
END_TEST

START_TEST(facts_come_from_the_fields_of_a_record)
{
	struct arena arena;
	struct record record = {0};
	struct agencies_facts facts;
	struct netaddr expected = address("10.1.1.1");

	arena_init(&arena, 1 << 20);
	ck_assert(record_add(&record, &arena, FIELD_HOST_NAME, SLICE_LIT("console")));
	ck_assert(record_add(&record, &arena, FIELD_LOG_SYSLOG_HOSTNAME, SLICE_LIT("pc-7")));
	ck_assert(record_add(&record, &arena, FIELD_SOURCE_IP, SLICE_LIT("192.0.2.1")));
	ck_assert(record_add(&record, &arena, FIELD_DESTINATION_IP, SLICE_LIT("10.1.1.1")));
	ck_assert(record_add(&record, &arena, FIELD_HOST_IP, SLICE_LIT("not known")));
	ck_assert(record_add(&record, &arena, FIELD_USER_NAME, SLICE_LIT("an@b")));
	agencies_facts_of(&record, &facts);
	ck_assert_slice_eq(facts.host_name, SLICE_LIT("pc-7"));
	ck_assert_slice_eq(facts.account, SLICE_LIT("an@b"));
	ck_assert(slice_absent(facts.group));
	ck_assert_uint_eq(facts.n_addresses, 2);
	ck_assert(netaddr_eq(&facts.addresses[0], &expected));
	arena_done(&arena);
}
END_TEST

/* ---- bad files ------------------------------------------------------------ */

/* Lines "# expect: ..." and "# warn: ..." at the start, each with the name of the file. */
static void expected_lines(
	const char *name, struct slice text, struct slice sign, struct strbuf *out)
{
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		if (slice_starts(line, sign))
			strbuf_addf(
				out, "%s:%.*s\n", name, SLICE_FMT(slice_from(line, sign.len)));
	}
}

static void check_bad_file(const char *folder, const char *name)
{
	struct strbuf path = STRBUF_INIT(4096), text = STRBUF_INIT(TEXT_MAX);
	struct strbuf expected = STRBUF_INIT(TEXT_MAX), warned = STRBUF_INIT(TEXT_MAX);
	struct err err;

	strbuf_addf(&path, "%s/%s", folder, name);
	ck_assert_msg(file_read(strbuf_cstr(&path), &text, &err), "%s", err.text);
	expected_lines(name, strbuf_slice(&text), SLICE_LIT("# expect: "), &expected);
	expected_lines(name, strbuf_slice(&text), SLICE_LIT("# warn: "), &warned);
	struct agency_register *agencies = parse_as(name, strbuf_slice(&text));
	ck_assert_msg((agencies == NULL) == (expected.len > 0), "%s", name);
	ck_assert_str_eq(strbuf_cstr(&mistakes), strbuf_cstr(&expected));
	ck_assert_str_eq(strbuf_cstr(&warnings), strbuf_cstr(&warned));
	clean(agencies);
	strbuf_done(&path);
	strbuf_done(&text);
	strbuf_done(&expected);
	strbuf_done(&warned);
}

START_TEST(every_bad_file_gets_the_messages_it_names)
{
	char folder[1024];
	struct dirent *entry;
	unsigned n = 0;

	snprintf(folder, sizeof(folder), "%s/tests/collector/register/bad",
		getenv("SOC_SOURCE"));
	DIR *dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		check_bad_file(folder, entry->d_name);
		n++;
	}
	closedir(dir);
	ck_assert_uint_ge(n, 6);
}
END_TEST

START_TEST(a_missing_file_is_a_mistake)
{
	strbuf_init(&mistakes, TEXT_MAX);
	strbuf_init(&warnings, TEXT_MAX);
	ck_assert_ptr_null(agencies_load("/nowhere/agencies.yaml", &mistakes, &warnings));
	ck_assert_str_eq(
		strbuf_cstr(&mistakes), "/nowhere/agencies.yaml: No such file or directory\n");
	clean(NULL);
}
END_TEST

TEST_MAIN("register", the_demo_register_is_good, attributes_change_at_midnight_of_the_province,
	agencies_begin_and_end, hosts_stand_in_a_system_with_its_level,
	a_reference_keeps_an_old_register_alive, a_host_moves_between_systems,
	addresses_say_whose_a_record_is, names_say_whose_a_record_is,
	names_are_found_in_small_and_large_letters, hosts_are_found_by_name_within_their_agency,
	other_sources_of_the_host_are_its_own, nested_prefixes_agree_with_a_plain_search,
	facts_come_from_the_fields_of_a_record, every_bad_file_gets_the_messages_it_names,
	a_missing_file_is_a_mistake)
