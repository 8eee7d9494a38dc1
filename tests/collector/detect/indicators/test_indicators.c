#include "collector/detect/indicators/indicators.h"
#include "common/clock.h"
#include "tests/support/folder.h"

#define NOW_S INT64_C(1800000000) /* in 2027 */

static struct folder folder;
static struct strbuf mistakes = STRBUF_INIT(1 << 20);
static struct indicators *loaded;
static struct indicator_matches matches;
static struct strbuf shown = STRBUF_INIT(1 << 20);

static void load_with(struct indicators_settings settings, const char *name)
{
	struct indicator_list list = {.name = "",
		.format = "auto",
		.class_name = "",
		.confidence = CONFIDENCE_OF_LIST};
	struct err err = {0};

	list.path = folder_path(&folder, name);
	settings.public_suffixes = "";
	settings.lists = (struct setting_sections){&list, 1};
	strbuf_reset(&mistakes);
	loaded = indicators_load(&settings, NULL, NOW_S * CLOCK_NS_PER_S, &mistakes, &err);
	ck_assert_msg(loaded != NULL, "%s", err.text);
}

static void load(const char *name, const char *text)
{
	folder_make(&folder);
	folder_replace(&folder, name, text);
	load_with(indicators_settings_standard(), name);
}

static void forget(struct strbuf *text)
{
	size_t limit = text->limit;

	strbuf_done(text);
	strbuf_init(text, limit);
}

static void done(void)
{
	indicators_unref(loaded);
	folder_remove(&folder);
	forget(&mistakes);
	forget(&shown);
}

/* "type value confidence class label" of each, with ';' between. */
static const char *all(void)
{
	size_t n = indicators_figures(loaded).loaded;

	strbuf_reset(&shown);
	for (size_t i = 0; i < n; i++) {
		struct indicator_view view = indicators_view(loaded, i);

		strbuf_addf(&shown, "%s%s ", i > 0 ? "; " : "", indicator_type_name(view.type));
		indicator_show(view.type, view.bytes, &shown);
		strbuf_addf(&shown, " %u %s", view.confidence,
			view.attack == CLASS_NONE ? "-" : attack_class_name(view.attack));
		strbuf_addf(
			&shown, "%s%.*s", view.label.len > 0 ? " " : "", SLICE_FMT(view.label));
	}
	return strbuf_cstr(&shown);
}

/* What an event of names and values, "a=b c=d", matches: "indicator at field; ..." */
static const char *match_at(const char *event, int64_t now_s)
{
	struct indicator_value values[16];
	struct slice rest = slice_str(event), pair;
	size_t n = 0;

	while (slice_cut(&rest, ' ', &pair)) {
		values[n].value = pair;
		(void)slice_cut(&values[n].value, '=', &values[n].name);
		n++;
	}
	indicators_match_values(loaded, values, n, now_s, &matches);
	strbuf_reset(&shown);
	for (size_t i = 0; i < matches.n; i++) {
		strbuf_add_str(&shown, i > 0 ? "; " : "");
		indicator_show(matches.items[i].indicator.type,
			matches.items[i].indicator.bytes, &shown);
		strbuf_addf(&shown, " at %.*s", SLICE_FMT(matches.items[i].field));
	}
	return strbuf_cstr(&shown);
}

static const char *match(const char *event)
{
	return match_at(event, NOW_S);
}

static struct list_counts counts(void)
{
	return indicators_source(loaded, 0).counts;
}

/* ---- readers ---------------------------------------------------------------------- */

START_TEST(plain_lists_have_comments_and_names_what_is_wrong)
{
	load("bad.txt",
		"\xef\xbb\xbf# comment\n; comment\n// comment\n\n  evil[.]example # why\r\n"
		"198.51.100.7\t5\n0.0.0.0 hosts.example\n||ads.example^\n"
		"http://e.example/x#y\nthis is prose\n198.51.100.1/24\nevil.example\n");
	ck_assert_str_eq(all(), "domain evil.example 50 -; ip 198.51.100.7 50 -; "
				"domain hosts.example 50 -; domain ads.example 50 -; "
				"url e.example/x 50 -");
	ck_assert_uint_eq(counts().refused, 2);
	ck_assert_uint_eq(counts().known, 1);
	ck_assert_ptr_nonnull(strstr(
		strbuf_cstr(&mistakes), "bad.txt:10: 'this is prose': more than one word\n"));
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&mistakes), "bad.txt:11: "));
	ck_assert_slice_eq(indicators_source(loaded, 0).name, SLICE_LIT("bad"));
	done();
}
END_TEST

START_TEST(tables_are_read_by_the_names_of_their_columns)
{
	load("t.csv", "type,indicator,confidence,valid_until,first_seen,class,comment\n"
		      "ip-dst,198.51.100.7,90,2030-01-01,2020-01-01,c2,\"Bad, \"\"bot\"\"\"\n"
		      "domain,evil.example,high,2020-01-01T00:00:00Z,,phishing,old\n"
		      "filename|md5,a.exe|44d88612fea8a8f36de82e1278abb02f,,,,,\n"
		      "mutex,abc,,,,,\n\"broken\n");
	ck_assert_str_eq(all(), "ip 198.51.100.7 90 malware Bad, \"\"bot\"\"; "
				"md5 44d88612fea8a8f36de82e1278abb02f 50 malware");
	ck_assert_uint_eq(counts().expired, 1);
	ck_assert_uint_eq(counts().refused, 2);
	ck_assert_uint_eq(indicators_view(loaded, 0).seen_s, 1577836800);
	ck_assert_uint_eq(indicators_view(loaded, 0).until_s, 1893456000);
	done();
}
END_TEST

START_TEST(names_of_columns_may_stand_in_a_comment)
{
	load("feed.txt",
		"# a list\n# \"first_seen_utc\",\"dst_ip\",\"dst_port\",\"malware\"\n"
		"\"2026-01-01 00:00:00\",\"198.51.100.7\",\"443\",\"Emotet\"\n# end\n");
	ck_assert_str_eq(all(), "ip-port 198.51.100.7:443 50 - Emotet");
	done();
}
END_TEST

START_TEST(urls_with_commas_are_no_table)
{
	load("urls.txt", "http://evil.example/a,b\nhttp://evil.example/c\n");
	ck_assert_str_eq(all(), "url evil.example/a,b 50 -; url evil.example/c 50 -");
	done();
}
END_TEST

START_TEST(stix_bundles_say_what_cannot_be_used)
{
	load("b.json",
		"{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":["
		"{\"type\":\"malware\",\"id\":\"malware--1\"},"
		"{\"type\":\"indicator\",\"id\":\"indicator--1\",\"name\":\"Bad bot\","
		"\"pattern\":\"[ipv4-addr:value = '198.51.100.7']\",\"pattern_type\":\"stix\","
		"\"confidence\":85,\"indicator_types\":[\"malicious-activity\"],"
		"\"kill_chain_phases\":[{\"phase_name\":\"command-and-control\"}],"
		"\"valid_from\":\"2026-01-01T00:00:00.000Z\"},"
		"{\"type\":\"indicator\",\"id\":\"indicator--2\",\"labels\":[\"phishing\"],"
		"\"pattern\":\"[domain-name:value = 'evil.example']\","
		"\"valid_until\":\"2026-01-01T00:00:00Z\"},"
		"{\"type\":\"indicator\",\"id\":\"indicator--3\",\"labels\":[\"phishing\"],"
		"\"pattern\":\"[domain-name:value = 'phish.example']\"},"
		"{\"type\":\"indicator\",\"id\":\"indicator--4\",\"revoked\":true,"
		"\"pattern\":\"[domain-name:value = 'b.example']\"},"
		"{\"type\":\"indicator\",\"id\":\"indicator--5\",\"pattern_type\":\"yara\","
		"\"pattern\":\"rule x {}\"},"
		"{\"type\":\"indicator\",\"id\":\"indicator--6\","
		"\"pattern\":\"[mutex:name = 'x']\"},"
		"{\"type\":\"indicator\",\"id\":\"indicator--7\",\"pattern\":\"[\"}]}");
	ck_assert_str_eq(all(), "ip 198.51.100.7 85 other Bad bot; "
				"domain phish.example 50 phishing");
	ck_assert_uint_eq(counts().expired, 1);
	ck_assert_uint_eq(counts().unused, 1);
	ck_assert_uint_eq(counts().refused, 3);
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&mistakes), "'indicator--5'"));
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&mistakes), "'yara'"));
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&mistakes), "[mutex:name"));
	done();
}
END_TEST

START_TEST(misp_events_count_what_is_for_detection)
{
	load("e.json",
		"{\"response\":[{\"Event\":{\"info\":\"Phishing wave\",\"Tag\":[{\"name\":"
		"\"misp:confidence-level=\\\"usually-confident\\\"\"}],\"Attribute\":["
		"{\"type\":\"url\",\"value\":\"http://evil.example/x\",\"to_ids\":true},"
		"{\"type\":\"domain|ip\",\"value\":\"evil.example|198.51.100.7\",\"to_ids\":"
		"\"1\"},"
		"{\"type\":\"ip-dst|port\",\"value\":\"2001:db8::1|443\",\"to_ids\":true},"
		"{\"type\":\"ip-dst\",\"value\":\"198.51.100.8\",\"to_ids\":false},"
		"{\"type\":\"ip-dst\",\"value\":\"198.51.100.9\",\"to_ids\":true,\"deleted\":"
		"true},"
		"{\"type\":\"mutex\",\"value\":\"x\",\"to_ids\":true}],"
		"\"Object\":[{\"name\":\"file\",\"Attribute\":[{\"type\":\"filename|sha1\","
		"\"value\":\"a|3395856ce81f2b7382dee72602f798b642f14140\",\"to_ids\":true,"
		"\"category\":\"Payload delivery\"}]}]}}]}");
	ck_assert_str_eq(all(),
		"url evil.example/x 75 phishing Phishing wave; "
		"domain evil.example 75 phishing Phishing wave; "
		"ip 198.51.100.7 75 phishing Phishing wave; "
		"ip-port [2001:db8::1]:443 75 phishing Phishing wave; "
		"sha1 3395856ce81f2b7382dee72602f798b642f14140 75 phishing Phishing wave");
	ck_assert_uint_eq(counts().unused, 2);
	ck_assert_uint_eq(counts().refused, 1);
	done();
}
END_TEST

START_TEST(trails_are_known_by_their_folders)
{
	folder_make(&folder);
	ck_assert(file_make_dirs(folder_path(&folder, "trails/static/malware"), 0700, NULL));
	ck_assert(file_make_dirs(folder_path(&folder, "trails/static/suspicious"), 0700, NULL));
	folder_replace(&folder, "trails/static/malware/botx.txt",
		"# Aliases: b\nevil.example\n"
		"198.51.100.7:8080\n/gate.php\n");
	folder_replace(&folder, "trails/static/suspicious/pua.txt", "pua.example\n.zip\n");
	folder_replace(&folder, "LICENSE", "no list\n");
	load_with(indicators_settings_standard(), "");
	ck_assert_str_eq(all(),
		"domain evil.example 70 malware botx; "
		"ip-port 198.51.100.7:8080 70 malware botx; "
		"url-path /gate.php 70 malware botx; domain pua.example 30 - pua");
	ck_assert_slice_eq(indicators_source(loaded, 0).name, SLICE_LIT("maltrail"));
	ck_assert_uint_eq(indicators_source(loaded, 0).files, 2);
	ck_assert_uint_eq(counts().refused, 1);
	done();
}
END_TEST

START_TEST(broken_files_are_named_and_the_others_work)
{
	folder_make(&folder);
	folder_replace(&folder, "a.json", "{\"type\":\"bundle\",\n  nonsense");
	folder_replace(&folder, "b.json", "{\"what\": 1}");
	folder_replace(&folder, "c.txt", "evil.example\n");
	folder_write_at(&folder, "d.txt", SLICE_LIT("evil\0example\n"), O_TRUNC);
	load_with(indicators_settings_standard(), "");
	ck_assert_str_eq(all(), "domain evil.example 50 -");
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&mistakes), "a.json:2:3: "));
	ck_assert_ptr_nonnull(
		strstr(strbuf_cstr(&mistakes), "b.json: in no format that is known\n"));
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&mistakes), "d.txt: no text\n"));
	done();
}
END_TEST

/* ---- matching ------------------------------------------------------------------------ */

START_TEST(values_match_on_the_fields_where_they_make_sense)
{
	load("l.txt", "198.51.100.7\n203.0.113.0/24\n192.0.2.1:8080\nevil.example\n"
		      "http://page.example/a?x=1\nhttp://site.example\n/gate.php\n"
		      "44d88612fea8a8f36de82e1278abb02f\nbad@mail.example\n2001:db8::/64\n");
	ck_assert_str_eq(match("source.ip=198.51.100.7"), "198.51.100.7 at source.ip");
	ck_assert_str_eq(
		match("destination.ip=203.0.113.9"), "203.0.113.0/24 at destination.ip");
	ck_assert_str_eq(
		match("destination.ip=2001:db8::5"), "2001:db8::/64 at destination.ip");
	ck_assert_str_eq(match("destination.ip=192.0.2.1"), "");
	ck_assert_str_eq(match("destination.ip=192.0.2.1 destination.port=80"), "");
	ck_assert_str_eq(match("destination.port=8080 destination.ip=192.0.2.1"),
		"192.0.2.1:8080 at destination.ip");
	ck_assert_str_eq(match("source.port=8080 destination.ip=192.0.2.1"), "");
	ck_assert_str_eq(match("dns.question.name=A.Evil.Example."),
		"evil.example at dns.question.name");
	ck_assert_str_eq(match("dns.question.name=notevil.example"), "");
	ck_assert_str_eq(match("dns.answers.data=CNAME;c.evil.example;198.51.100.7"),
		"evil.example at dns.answers.data; 198.51.100.7 at dns.answers.data");
	ck_assert_str_eq(
		match("url.full=https://page.example/a?x=1"), "page.example/a?x=1 at url.full");
	ck_assert_str_eq(match("url.full=https://page.example/a?x=2"), "");
	ck_assert_str_eq(match("url.domain=page.example url.path=/a url.query=x=1"),
		"page.example/a?x=1 at url.path");
	ck_assert_str_eq(match("url.full=http://site.example/any"), "site.example at url.full");
	ck_assert_str_eq(match("url.domain=site.example"), "site.example at url.domain");
	ck_assert_str_eq(match("url.original=/x/gate.php?id=1"), "/gate.php at url.original");
	ck_assert_str_eq(match("file.hash.md5=44D88612FEA8A8F36DE82E1278ABB02F"),
		"44d88612fea8a8f36de82e1278abb02f at file.hash.md5");
	ck_assert_str_eq(match("winlog.event_data.Hashes=SHA1=00,MD5="
			       "44D88612FEA8A8F36DE82E1278ABB02F"),
		"44d88612fea8a8f36de82e1278abb02f at winlog.event_data.Hashes");
	ck_assert_str_eq(match("email.from.address=<Bad@Mail.example>"),
		"bad@mail.example at email.from.address");
	ck_assert_str_eq(match("process.command_line=curl('http://evil.example/x')"),
		"evil.example at process.command_line");
	ck_assert_str_eq(match("message=198.51.100.7 host.ip=198.51.100.7"), "");
	done();
}
END_TEST

START_TEST(an_indicator_matches_an_event_once)
{
	load("l.txt", "evil.example\n");
	ck_assert_str_eq(match("destination.domain=evil.example url.domain=evil.example "
			       "dns.question.name=x.evil.example"),
		"evil.example at destination.domain");
	ck_assert_uint_eq(indicators_figures(loaded).matches, 1);
	done();
}
END_TEST

START_TEST(public_suffixes_hold_for_themselves_alone)
{
	load("l.txt", "gov.vn\nevil.com.vn\n");
	ck_assert_str_eq(match("dns.question.name=danang.gov.vn"), "");
	ck_assert_str_eq(match("dns.question.name=gov.vn"), "gov.vn at dns.question.name");
	ck_assert_str_eq(
		match("dns.question.name=a.evil.com.vn"), "evil.com.vn at dns.question.name");
	done();
}
END_TEST

START_TEST(what_expires_later_matches_until_then)
{
	load("t.csv",
		"indicator,valid_until\nevil.example,2027-02-01\nold.example,2020-01-01\n");
	ck_assert_str_eq(
		match("dns.question.name=evil.example"), "evil.example at dns.question.name");
	ck_assert_str_eq(match_at("dns.question.name=evil.example", NOW_S + 86400 * 365), "");
	ck_assert_uint_eq(matches.expired, 1);
	ck_assert_uint_eq(indicators_figures(loaded).expired, 1);
	ck_assert_str_eq(match("dns.question.name=old.example"), "");
	done();
}
END_TEST

START_TEST(a_time_to_live_ends_what_has_no_end)
{
	struct indicators_settings settings = indicators_settings_standard();
	struct indicator_list list = {.name = "mine",
		.format = "csv",
		.class_name = "phishing",
		.confidence = 30,
		.ttl_ms = UINT64_C(86400000) * 30};
	struct err err = {0};

	folder_make(&folder);
	folder_replace(&folder, "t.txt",
		"indicator,first_seen,confidence\na.example,2020-01-01,90\nb.example,2027-01-"
		"14,90\n");
	list.path = folder_path(&folder, "t.txt");
	settings.lists = (struct setting_sections){&list, 1};
	loaded = indicators_load(&settings, NULL, NOW_S * CLOCK_NS_PER_S, &mistakes, &err);
	ck_assert_msg(loaded != NULL, "%s", err.text);
	ck_assert_str_eq(all(), "domain b.example 30 phishing");
	ck_assert_uint_eq(counts().expired, 1);
	done();
}
END_TEST

START_TEST(warning_lists_suppress_and_count)
{
	struct warning_list_figures figures;

	folder_make(&folder);
	folder_replace(&folder, "bad.txt",
		"198.51.100.7\n203.0.113.5\nwww.bank.example\nbank.example.evil.test\n"
		"good.example\nhttp://bank.example/\nhttp://bank.example/hacked/x.php\n"
		"x.vendor-lab.example\ninfo@contact.example\n198.51.100.0/25\n");
	folder_replace(&folder, "w1.json",
		"{\"name\":\"resolvers\",\"type\":\"cidr\",\"matching_attributes\":[\"ip-dst\"]"
		","
		"\"list\":[\"198.51.100.0/24\"]}");
	folder_replace(&folder, "w2.json",
		"{\"name\":\"banks\",\"type\":\"hostname\",\"matching_attributes\":[\"domain\","
		"\"url\"],\"list\":[\".bank.example\"]}");
	folder_replace(&folder, "w3.json",
		"{\"name\":\"top\",\"type\":\"string\",\"matching_attributes\":[\"domain\"],"
		"\"list\":[\"GOOD.example\",\"com\"]}");
	folder_replace(&folder, "w4.json",
		"{\"name\":\"labs\",\"type\":\"substring\",\"list\":[\"vendor-lab\"]}");
	folder_replace(&folder, "w5.json",
		"{\"name\":\"contacts\",\"type\":\"regex\",\"matching_attributes\":["
		"\"email-src\"],\"list\":[\"/^INFO@/i\"]}");
	load_with(indicators_settings_standard(), "");
	ck_assert_str_eq(match("destination.ip=198.51.100.7"), "");
	ck_assert_uint_eq(matches.suppressed, 1);
	ck_assert_str_eq(match("destination.ip=203.0.113.5"), "203.0.113.5 at destination.ip");
	ck_assert_str_eq(match("dns.question.name=www.bank.example"), "");
	ck_assert_str_eq(match("dns.question.name=bank.example.evil.test"),
		"bank.example.evil.test at dns.question.name");
	ck_assert_str_eq(match("dns.question.name=good.example"), "");
	ck_assert_str_eq(match("dns.question.name=sub.good.example"), "");
	ck_assert_str_eq(match("url.full=http://bank.example/"), "");
	ck_assert_str_eq(match("url.full=http://bank.example/hacked/x.php"),
		"bank.example/hacked/x.php at url.full");
	ck_assert_str_eq(match("dns.question.name=x.vendor-lab.example"), "");
	ck_assert_str_eq(match("email.from.address=info@contact.example"), "");
	ck_assert_uint_eq(indicators_figures(loaded).suppressed, 7);
	figures = warning_list_figures(indicators_warning_lists(loaded), 1);
	ck_assert_slice_eq(figures.name, SLICE_LIT("banks"));
	ck_assert_uint_eq(figures.covered, 2);
	ck_assert_uint_eq(figures.hits, 2);
	done();
}
END_TEST

START_TEST(what_is_ours_never_matches)
{
	static const char *const own[] = {"203.0.113.0/24", "danang.gov.vn"};
	struct indicators_settings settings = indicators_settings_standard();
	struct err err = {0};
	struct indicator_list list = {.name = "", .format = "auto", .class_name = ""};

	folder_make(&folder);
	folder_replace(&folder, "l.txt",
		"203.0.113.9\nwww.danang.gov.vn\nhttp://danang.gov.vn/x.php\n"
		"http://203.0.113.9/x\nu@danang.gov.vn\n203.0.0.0/16\nevil.example\n");
	list.path = folder_path(&folder, "l.txt");
	settings.own = (struct setting_texts){own, ARRAY_LEN(own)};
	settings.lists = (struct setting_sections){&list, 1};
	loaded = indicators_load(&settings, NULL, NOW_S * CLOCK_NS_PER_S, &mistakes, &err);
	ck_assert_msg(loaded != NULL, "%s", err.text);
	ck_assert_uint_eq(indicators_figures(loaded).suppressed, 5);
	ck_assert_str_eq(match("source.ip=203.0.113.9"), "");
	ck_assert_str_eq(match("source.ip=203.0.113.77"), ""); /* of 203.0.0.0/16 */
	ck_assert_str_eq(match("source.ip=203.0.7.7"), "203.0.0.0/16 at source.ip");
	ck_assert_str_eq(match("url.full=http://danang.gov.vn/x.php"), "");
	ck_assert_str_eq(match("url.full=http://203.0.113.9/x"), "");
	ck_assert_str_eq(match("email.from.address=u@danang.gov.vn"), "");
	done();
}
END_TEST

START_TEST(records_match_by_their_fields)
{
	struct field fields[2];
	struct record record = {.n_fields = 2, .fields = fields};
	struct slice name = SLICE_LIT("a.evil.example"), text = SLICE_LIT("evil.example");

	fields[0] = (struct field){text.ptr, (uint32_t)text.len, FIELD_MESSAGE, 0};
	fields[1] = (struct field){name.ptr, (uint32_t)name.len, FIELD_DNS_QUESTION_NAME, 0};
	load("l.txt", "evil.example\n");
	indicators_match_record(loaded, &record, NOW_S, &matches);
	ck_assert_uint_eq(matches.n, 1);
	ck_assert_slice_eq(matches.items[0].field, SLICE_LIT("dns.question.name"));
	ck_assert_slice_eq(matches.items[0].value, name);
	done();
}
END_TEST

START_TEST(a_batch_gets_tags)
{
	struct batch batch = {.n_records = 1};
	struct slice name = SLICE_LIT("a.evil.example");
	struct record record = {.kind = RECORD_LOG};
	struct indicator_tag tag;

	arena_init(&batch.arena, 1 << 20);
	batch.records = &record;
	ck_assert(record_add(&record, &batch.arena, FIELD_DNS_QUESTION_NAME, name));
	ck_assert(
		record_add(&record, &batch.arena, FIELD_SOURCE_IP, SLICE_LIT("198.51.100.7")));
	load("l.txt", "evil.example\n198.51.100.7\n");
	ck_assert_uint_eq(indicators_match_batch(loaded, &batch, NOW_S), 0);
	ck_assert_uint_eq(record.n_matches, 2);
	ck_assert(indicators_tag(&record.matches[0], &tag));
	ck_assert_slice_eq(tag.type, SLICE_LIT("domain"));
	ck_assert_slice_eq(tag.text, SLICE_LIT("evil.example"));
	ck_assert_slice_eq(tag.source, SLICE_LIT("l"));
	ck_assert_uint_eq(tag.confidence, CONFIDENCE_STANDARD);
	record.matches[1].group = SLICE_LIT("ipv4\0"
					    "198.51.100.7\0"
					    "l");
	ck_assert(!indicators_tag(&record.matches[1], &tag));
	record.matches[0].rule = MATCH_SIGMA;
	ck_assert(!indicators_tag(&record.matches[0], &tag));
	arena_done(&batch.arena);
	done();
}
END_TEST

START_TEST(what_has_not_changed_is_not_read_again)
{
	struct indicators_settings settings = indicators_settings_standard();
	struct indicator_list list = {.name = "", .format = "auto", .class_name = ""};
	struct indicators *again, *changed;
	struct err err = {0};

	folder_make(&folder);
	folder_replace(&folder, "l.txt", "evil.example\n");
	list.path = folder.path;
	settings.lists = (struct setting_sections){&list, 1};
	loaded = indicators_load(&settings, NULL, NOW_S, &mistakes, &err);
	ck_assert_ptr_nonnull(loaded);
	again = indicators_load(&settings, loaded, NOW_S, &mistakes, &err);
	ck_assert_ptr_eq(again, loaded);
	indicators_unref(again);
	folder_replace(&folder, "m.txt", "other.example\n");
	changed = indicators_load(&settings, loaded, NOW_S, &mistakes, &err);
	ck_assert_ptr_ne(changed, loaded);
	ck_assert_uint_eq(indicators_figures(loaded).loaded, 1);
	ck_assert_uint_eq(indicators_figures(changed).loaded, 2);
	list.class_name = "phishing";
	again = indicators_load(&settings, changed, NOW_S, &mistakes, &err);
	ck_assert_ptr_ne(again, changed);
	indicators_unref(again);
	indicators_unref(changed);
	done();
}
END_TEST

START_TEST(settings_that_are_wrong_are_said)
{
	struct indicators_settings settings = indicators_settings_standard();
	struct indicator_list list = {
		.path = "/nowhere/list.txt", .name = "", .format = "auto", .class_name = ""};
	struct err err = {0};

	settings.lists = (struct setting_sections){&list, 1};
	ck_assert_ptr_null(indicators_load(&settings, NULL, 0, &mistakes, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/list.txt"));
	list.format = "openioc";
	ck_assert_ptr_null(indicators_load(&settings, NULL, 0, &mistakes, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "'openioc'"));
	list.format = "auto";
	list.class_name = "weather";
	ck_assert_ptr_null(indicators_load(&settings, NULL, 0, &mistakes, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "'weather'"));
	forget(&mistakes);
}
END_TEST

TEST_MAIN("indicators", plain_lists_have_comments_and_names_what_is_wrong,
	tables_are_read_by_the_names_of_their_columns, names_of_columns_may_stand_in_a_comment,
	urls_with_commas_are_no_table, stix_bundles_say_what_cannot_be_used,
	misp_events_count_what_is_for_detection, trails_are_known_by_their_folders,
	broken_files_are_named_and_the_others_work,
	values_match_on_the_fields_where_they_make_sense, an_indicator_matches_an_event_once,
	public_suffixes_hold_for_themselves_alone, what_expires_later_matches_until_then,
	a_time_to_live_ends_what_has_no_end, warning_lists_suppress_and_count,
	what_is_ours_never_matches, records_match_by_their_fields, a_batch_gets_tags,
	what_has_not_changed_is_not_read_again, settings_that_are_wrong_are_said)
