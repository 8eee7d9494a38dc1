#include "collector/enrich/enrich.h"

#include <stdio.h>

#include "collector/enrich/places.h"
#include "collector/record/encode.h"
#include "common/clock.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

static struct folder folder;
static struct enricher *enricher;
static struct arena arena;

static const char plan[] = "networks:\n"
			   "  - prefixes: [10.47.0.0/16, 203.162.5.0/24]\n"
			   "    zone: lan\n"
			   "  - prefixes: [10.47.5.0/24, \"2001:db8:47::/48\"]\n"
			   "    zone: hospital\n"
			   "    agency: 3\n"
			   "    system: 1\n"
			   "    level: 2\n";

static struct enricher *load(const char *settings, const char *wrong)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16), warnings = STRBUF_INIT(1 << 16);

	folder_replace(&folder, "enrich.yaml", settings);
	struct enricher *made =
		enricher_load(folder_path(&folder, "enrich.yaml"), NULL, &mistakes, &warnings);
	ck_assert_msg(wrong[0] != '\0' ? strstr(strbuf_cstr(&mistakes), wrong) != NULL
				       : mistakes.len == 0,
		"%s", strbuf_cstr(&mistakes));
	ck_assert_int_eq(made == NULL, wrong[0] != '\0');
	strbuf_done(&mistakes);
	strbuf_done(&warnings);
	return made;
}

static const char *databases(void)
{
	static char line[1024];

	snprintf(line, sizeof(line), "public-suffixes: \"\"\ngeo-databases: [%s, %s]\n",
		getenv("SOC_TEST_CITY"), getenv("SOC_TEST_ASN"));
	return line;
}

static void set_up(const char *more)
{
	char settings[2048];

	folder_make(&folder);
	folder_replace(&folder, "plan.yaml", plan);
	folder_replace(&folder, "vn.txt", "1.52.0.0/14\n8.9.0.0/16\n2001:ee0::/32\n");
	snprintf(settings, sizeof(settings), "%s%s", databases(), more);
	enricher = load(settings, "");
	arena_init(&arena, 1 << 20);
}

static void tear_down(void)
{
	arena_done(&arena);
	enricher_free(enricher);
	folder_remove(&folder);
}

#define WITH_ALL "network-plan: plan.yaml\nvietnam-ranges: [vn.txt]\n"

struct value {
	enum field_id id;
	const char *text; /* NULL = absent */
};

static struct record record_with(const struct value *values)
{
	struct record record = {.kind = RECORD_LOG, .raw = SLICE_LIT("")};

	arena_reset(&arena);
	for (; values->id != FIELD_NONE; values++)
		ck_assert(record_add(&record, &arena, values->id, slice_str(values->text)));
	return record;
}

/* What a record with `given` has afterwards. */
static void check_values(const struct value *given, const struct value *wanted)
{
	struct record record = record_with(given);

	ck_assert(enrich_record(enricher, &arena, &record));
	for (; wanted->id != FIELD_NONE; wanted++) {
		struct slice got = record_get(&record, wanted->id);

		ck_assert_msg(slice_absent(got) == (wanted->text == NULL) &&
				      slice_eq(got, slice_str(wanted->text)),
			"%s of %s: '%.*s', want '%s'", field_name(wanted->id).ptr, given->text,
			SLICE_FMT(got), wanted->text ? wanted->text : "none");
	}
}

#define GIVEN(...)  ((const struct value[]){__VA_ARGS__, {FIELD_NONE, NULL}})
#define WANTED(...) ((const struct value[]){__VA_ARGS__, {FIELD_NONE, NULL}})

static void check_origin(const char *addr, const char *origin, const char *country)
{
	check_values(GIVEN({FIELD_SOURCE_IP, addr}),
		WANTED({FIELD_SOC_SOURCE_ORIGIN, origin}, {FIELD_SOURCE_GEO_COUNTRY, country}));
}

START_TEST(an_address_has_its_place_network_and_operator)
{
	set_up(WITH_ALL);
	check_values(GIVEN({FIELD_SOURCE_IP, "1.52.3.4"}, {FIELD_DESTINATION_IP, "10.47.5.9"},
			     {FIELD_CLIENT_IP, "2606:4700::1"}),
		WANTED({FIELD_SOURCE_GEO_COUNTRY, "VN"}, {FIELD_SOURCE_GEO_CITY, "Da Nang"},
			{FIELD_SOURCE_AS_NUMBER, "18403"},
			{FIELD_SOURCE_AS_ORGANIZATION, "FPT Telecom"},
			{FIELD_SOC_SOURCE_ORIGIN, "vn"}, {FIELD_SOC_SOURCE_ZONE, NULL},
			{FIELD_DESTINATION_GEO_COUNTRY, NULL},
			{FIELD_SOC_DESTINATION_ORIGIN, "internal"},
			{FIELD_SOC_DESTINATION_ZONE, "hospital"},
			{FIELD_SOC_DESTINATION_AGENCY, "3"},
			{FIELD_SOC_DESTINATION_SYSTEM, "1"}, {FIELD_SOC_DESTINATION_LEVEL, "2"},
			{FIELD_CLIENT_GEO_COUNTRY, "US"}, {FIELD_CLIENT_AS_NUMBER, "13335"},
			{FIELD_CLIENT_AS_ORGANIZATION, "Cloudflare, Inc."},
			{FIELD_SOC_CLIENT_ORIGIN, "foreign"},
			{FIELD_NETWORK_DIRECTION, "inbound"}));
	tear_down();
}
END_TEST

START_TEST(every_kind_of_address_has_an_origin)
{
	set_up(WITH_ALL);
	check_origin("1.52.3.4", "vn", "VN");
	check_origin("8.8.8.8", "foreign", "US");
	check_origin("8.9.1.1", "vn", "US"); /* the registry's word counts */
	check_origin("9.9.9.9", "foreign", "CH");
	check_origin("9.9.8.9", "foreign", NULL); /* no code of a country */
	check_origin("10.47.1.1", "internal", NULL);
	check_origin("203.162.5.5", "internal", NULL);
	check_origin("10.48.1.1", "private", NULL); /* though a database has it */
	check_origin("127.0.0.1", "private", NULL);
	check_origin("169.254.1.1", "private", NULL);
	check_origin("100.64.0.1", "private", NULL);
	check_origin("192.0.2.1", "reserved", NULL);
	check_origin("224.0.0.1", "reserved", NULL);
	check_origin("0.0.0.0", "reserved", NULL);
	check_origin("255.255.255.255", "reserved", NULL);
	check_origin("2001:ee0::5", "vn", "VN");
	check_origin("2606:4700::5", "foreign", "US");
	check_origin("2001:db8:47::1", "internal", NULL);
	check_origin("2001:db8:48::1", "reserved", NULL);
	check_origin("fe80::1", "private", NULL);
	check_origin("fe80::1%eth0", "private", NULL);
	check_origin("::1", "private", NULL);
	check_origin("fd00::1", "private", NULL);
	check_origin("::ffff:1.52.3.4", "vn", "VN");
	check_origin("::ffff:10.47.5.1", "internal", NULL);
	check_origin("64:ff9b::134:304", "vn", "VN");         /* NAT64 of 1.52.3.4 */
	check_origin("64:ff9b::a2f:501", "internal", NULL);   /* of 10.47.5.1 */
	check_origin("2002:808:808::1", "foreign", "US");     /* 6to4 of 8.8.8.8 */
	check_origin("2002:a30:101::1", "private", NULL);     /* of 10.48.1.1 */
	check_origin("2001:0:1:2:3:4:fecb:fcfb", "vn", "VN"); /* Teredo of 1.52.3.4 */
	check_origin("not an address", NULL, NULL);
	check_origin("", NULL, NULL);
	check_origin("1.52.3.4:80", NULL, NULL);
	check_origin("1.52.3.4 8.8.8.8", NULL, NULL);
	tear_down();
}
END_TEST

START_TEST(databases_say_the_origin_where_no_ranges_do)
{
	set_up("");
	check_origin("1.52.3.4", "vn", "VN");
	check_origin("8.9.1.1", "foreign", "US");
	check_origin("11.1.1.1", NULL, NULL);
	check_origin("10.47.1.1", "private", NULL);
	tear_down();
}
END_TEST

START_TEST(a_direction_needs_both_ends_and_no_device_that_knows_better)
{
	static const struct {
		const char *from, *to, *direction;
	} ends[] = {
		{"8.8.8.8", "10.47.5.1", "inbound"},
		{"10.47.5.1", "1.52.3.4", "outbound"},
		{"10.47.5.1", "192.168.1.1", "internal"},
		{"8.8.8.8", "1.52.3.4", "external"},
		{"8.8.8.8", "224.0.0.1", NULL},
	};

	set_up(WITH_ALL);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		check_values(GIVEN({FIELD_SOURCE_IP, ends[i].from},
				     {FIELD_DESTINATION_IP, ends[i].to}),
			WANTED({FIELD_NETWORK_DIRECTION, ends[i].direction}));
	check_values(
		GIVEN({FIELD_SOURCE_IP, "8.8.8.8"}), WANTED({FIELD_NETWORK_DIRECTION, NULL}));
	check_values(GIVEN({FIELD_SOURCE_IP, "8.8.8.8"}, {FIELD_DESTINATION_IP, "10.47.5.1"},
			     {FIELD_NETWORK_DIRECTION, "ingress"}),
		WANTED({FIELD_NETWORK_DIRECTION, "ingress"}));
	tear_down();
}
END_TEST

START_TEST(what_a_record_claims_of_itself_is_replaced)
{
	const struct value *given = GIVEN({FIELD_SOURCE_GEO_COUNTRY, "VN"},
		{FIELD_SOURCE_IP, "8.8.8.8"}, {FIELD_SOURCE_AS_NUMBER, "1"},
		{FIELD_USER_AGENT_NAME, "Chrome"}, {FIELD_USER_AGENT_ORIGINAL, "sqlmap/1.7"});

	set_up(WITH_ALL);
	check_values(given,
		WANTED({FIELD_SOURCE_GEO_COUNTRY, "US"}, {FIELD_SOURCE_AS_NUMBER, "15169"},
			{FIELD_USER_AGENT_NAME, "sqlmap"}));
	struct record record = record_with(given);
	ck_assert(enrich_record(enricher, &arena, &record));
	unsigned n = 0;
	for (unsigned i = 0; i < record.n_fields; i++)
		n += record.fields[i].id == FIELD_SOURCE_GEO_COUNTRY;
	ck_assert_uint_eq(n, 1);
	tear_down();
}
END_TEST

START_TEST(user_agents_and_names_are_divided)
{
	set_up("");
	check_values(GIVEN({FIELD_USER_AGENT_ORIGINAL,
				   "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X) "
				   "AppleWebKit/605.1.15 Version/16.5 Safari/604.1"},
			     {FIELD_URL_DOMAIN, "WWW.SoTTTT.DaNang.gov.VN."},
			     {FIELD_DNS_QUESTION_NAME, "a.b.shop.hanoi.vn"}),
		WANTED({FIELD_USER_AGENT_NAME, "Safari"}, {FIELD_USER_AGENT_VERSION, "16.5"},
			{FIELD_USER_AGENT_OS_NAME, "iOS"},
			{FIELD_USER_AGENT_OS_VERSION, "16.5"},
			{FIELD_USER_AGENT_DEVICE_NAME, "iPhone"},
			{FIELD_SOC_USER_AGENT_CLASS, "browser"},
			{FIELD_URL_REGISTERED_DOMAIN, "danang.gov.vn"},
			{FIELD_URL_SUBDOMAIN, "www.sotttt"},
			{FIELD_URL_TOP_LEVEL_DOMAIN, "gov.vn"},
			{FIELD_DNS_QUESTION_REGISTERED_DOMAIN, "shop.hanoi.vn"},
			{FIELD_DNS_QUESTION_SUBDOMAIN, "a.b"},
			{FIELD_DNS_QUESTION_TOP_LEVEL_DOMAIN, "hanoi.vn"}));
	check_values(GIVEN({FIELD_USER_AGENT_ORIGINAL, "-"}, {FIELD_URL_DOMAIN, "10.0.0.1"}),
		WANTED({FIELD_SOC_USER_AGENT_CLASS, NULL}, {FIELD_URL_TOP_LEVEL_DOMAIN, NULL}));
	tear_down();
}
END_TEST

/* More addresses than the cache has slots, each twice. */
START_TEST(a_cache_that_overflows_gives_the_same_answers)
{
	enum { ADDRESSES = 3 * PLACE_CACHE_SIZE };

	set_up(WITH_ALL);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < ADDRESSES; i++) {
			char text[32];
			struct value given[] = {{FIELD_SOURCE_IP, text}, {FIELD_NONE, NULL}};

			snprintf(text, sizeof(text), "%u.%u.%u.9", i % 2 ? 8 : 10, i >> 8 & 255,
				i & 255);
			struct record record = record_with(given);
			ck_assert(enrich_record(enricher, &arena, &record));
			bool internal = i % 2 == 0 && (i >> 8 & 255) == 47;
			bool vn = i % 2 == 1 && (i >> 8 & 255) == 9;
			ck_assert_slice_eq(record_get(&record, FIELD_SOC_SOURCE_ORIGIN),
				slice_str(i % 2      ? vn ? "vn" : "foreign"
					  : internal ? "internal"
						     : "private"));
		}
	}
	tear_down();
}
END_TEST

START_TEST(a_record_without_room_says_so_and_stays)
{
	struct value given[] = {{FIELD_SOURCE_IP, "1.52.3.4"}, {FIELD_NONE, NULL}};

	set_up(WITH_ALL);
	struct record record = record_with(given);
	arena.limit = arena.used;
	while (record.n_fields < record.fields_room)
		ck_assert(record_add(&record, &arena, FIELD_TAGS, SLICE_LIT("x")));
	unsigned n = record.n_fields;
	ck_assert(!enrich_record(enricher, &arena, &record));
	ck_assert_uint_eq(record.n_fields, n);
	ck_assert_slice_eq(record_get(&record, FIELD_SOURCE_IP), SLICE_LIT("1.52.3.4"));
	tear_down();
}
END_TEST

/* ---- files ------------------------------------------------------------------ */

START_TEST(what_is_wrong_with_a_file_is_said)
{
	char settings[1024];

	folder_make(&folder);
	folder_replace(
		&folder, "plan.yaml", "networks:\n  - {prefixes: [10.0.0.0/8], zon: x}\n");
	(void)load("network-plan: plan.yaml\n", "plan.yaml:2:30: unknown key 'zon'");
	(void)load("network-plan: none.yaml\n", "none.yaml: No such file");
	(void)load("geo-databases: [none.mmdb]\n", "none.mmdb: No such file");
	(void)load("geo-databases: [plan.yaml]\n", "plan.yaml: no MaxMind DB");
	(void)load("vietnam-ranges: [plan.yaml]\n", "plan.yaml:1:1: ");
	(void)load("geo-database: x\n", "enrich.yaml:1:1: unknown key 'geo-database'");
	folder_replace(&folder, "plan.yaml", plan);
	snprintf(settings, sizeof(settings), "network-plan: plan.yaml\ngeo-databases: [%s]\n",
		getenv("SOC_TEST_FOUR"));
	enricher_free(load(settings, ""));
	folder_remove(&folder);
}
END_TEST

START_TEST(without_its_file_nothing_is_looked_up_and_a_warning_says_so)
{
	struct strbuf mistakes = STRBUF_INIT(1 << 16), warnings = STRBUF_INIT(1 << 16);

	folder_make(&folder);
	enricher =
		enricher_load(folder_path(&folder, "enrich.yaml"), NULL, &mistakes, &warnings);
	ck_assert_ptr_nonnull(enricher);
	ck_assert_uint_eq(mistakes.len, 0);
	ck_assert(strstr(strbuf_cstr(&warnings), "enrich.yaml: there is no such file") != NULL);
	arena_init(&arena, 1 << 20);
	check_origin("8.8.8.8", NULL, NULL);
	check_origin("10.1.1.1", "private", NULL);
	strbuf_done(&mistakes);
	strbuf_done(&warnings);
	tear_down();
}
END_TEST

START_TEST(the_shipped_files_are_the_default_one_and_a_plan_that_loads)
{
	struct strbuf shipped = STRBUF_INIT(1 << 16), printed = STRBUF_INIT(1 << 16),
		      words = STRBUF_INIT(1 << 16);
	char path[PATH_MAX];
	struct err err;

	snprintf(path, sizeof(path), "%s/configs/enrich.yaml", getenv("SOC_SOURCE"));
	conf_print(enrich_settings_table, ENRICH_SETTINGS_HEAD, &printed);
	ck_assert_msg(file_read(path, &shipped, &err), "%s", err.text);
	ck_assert_slice_eq(strbuf_slice(&shipped), strbuf_slice(&printed));

	snprintf(path, sizeof(path), "%s/configs/agencies.yaml", getenv("SOC_SOURCE"));
	struct agency_register *agencies = agencies_load(path, &words, &words);
	snprintf(path, sizeof(path), "%s/configs/networks.yaml", getenv("SOC_SOURCE"));
	struct networks *networks = networks_load(path, agencies, &words);
	ck_assert_msg(networks != NULL, "%s", strbuf_cstr(&words));
	networks_free(networks);
	agencies_unref(agencies);
	strbuf_done(&words);
	strbuf_done(&shipped);
	strbuf_done(&printed);
}
END_TEST

struct seen {
	unsigned n, changed;
	char text[1024];
};

static bool see(void *user, const struct enrich_file *file)
{
	struct seen *seen = user;
	size_t len = strlen(seen->text);

	seen->n++;
	seen->changed += file->changed;
	ck_assert_int_gt(file->built_ns, 0);
	snprintf(seen->text + len, sizeof(seen->text) - len, "%s=%s\n", file->what,
		file->detail);
	return true;
}

START_TEST(files_are_told_with_what_they_hold_and_whether_they_changed)
{
	struct seen seen = {0};

	set_up(WITH_ALL);
	enricher_files(enricher, see, &seen);
	ck_assert_str_eq(seen.text, "network-plan=4 prefixes\nvietnam-ranges=3 ranges\n"
				    "geo-database=Test-City\ngeo-database=Test-ASN\n");
	ck_assert_uint_eq(seen.changed, 0);
	folder_replace(&folder, "new", "nonsense");
	folder_rename(&folder, "new", "plan.yaml");
	enricher_files(enricher, see, &seen);
	ck_assert_uint_eq(seen.changed, 1);
	check_origin("10.47.1.1", "internal", NULL); /* what was loaded stays */
	tear_down();
}
END_TEST

TEST_MAIN("enrich", an_address_has_its_place_network_and_operator,
	every_kind_of_address_has_an_origin, databases_say_the_origin_where_no_ranges_do,
	a_direction_needs_both_ends_and_no_device_that_knows_better,
	what_a_record_claims_of_itself_is_replaced, user_agents_and_names_are_divided,
	a_cache_that_overflows_gives_the_same_answers, a_record_without_room_says_so_and_stays,
	what_is_wrong_with_a_file_is_said,
	without_its_file_nothing_is_looked_up_and_a_warning_says_so,
	the_shipped_files_are_the_default_one_and_a_plan_that_loads,
	files_are_told_with_what_they_hold_and_whether_they_changed)
