#include "collector/ingest/wef/wef_subscriptions.h"

#include <unistd.h>

#include "common/file.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

#define QUERY                                                                                  \
	"<QueryList>\n  <Query Id=\"0\" Path=\"Security\">\n"                                  \
	"    <Select Path=\"Security\">*[System[(EventID=4625)]]</Select>\n"                   \
	"    <Suppress>*[System[(EventID=4634)]]</Suppress>\n  </Query>\n</QueryList>\n"

static struct folder folder;
static char path[4096];

static void begin(const char *query)
{
	folder_make(&folder);
	snprintf(path, sizeof(path), "%s/query.xml", folder.path);
	ck_assert(file_replace(path, slice_str(query), 0600, NULL));
}

static void end(void)
{
	folder_remove(&folder);
}

static struct written_subscription written(const char *name)
{
	return (struct written_subscription){
		.name = name,
		.query = path,
		.locale = "",
		.heartbeat_ms = 1000,
		.latency_ms = 1000,
		.envelope_max = 512000,
	};
}

static struct wef_subscriptions *load(const struct written_subscription *items, size_t n)
{
	const struct sender_settings settings = {.subscriptions = {items, n}};
	struct err err;
	struct wef_subscriptions *subscriptions = wef_subscriptions_new(&settings, &err);

	ck_assert_msg(subscriptions != NULL, "%s", err.text);
	return subscriptions;
}

START_TEST(subscriptions_are_found_by_their_id)
{
	begin("<?xml version=\"1.0\"?>\n" QUERY);
	const struct written_subscription items[] = {written("one"), written("two")};
	struct wef_subscriptions *subscriptions = load(items, 2);
	const struct wef_subscription *one = wef_subscription_at(subscriptions, 0);
	const struct wef_subscription *two = wef_subscription_at(subscriptions, 1);

	ck_assert_uint_eq(wef_subscriptions_count(subscriptions), 2);
	ck_assert_slice_eq(one->query, SLICE_LIT(QUERY));
	ck_assert_str_ne(one->id, two->id);
	ck_assert_ptr_eq(wef_subscription_by_id(subscriptions, slice_str(two->id)), two);
	ck_assert_ptr_null(wef_subscription_by_id(subscriptions, SLICE_LIT("x")));
	ck_assert(wef_subscription_is_for(one, "anybody"));
	wef_subscriptions_unref(subscriptions);
	end();
}
END_TEST

static void version_of(const struct written_subscription *item, char version[WSMAN_UUID_SIZE])
{
	struct wef_subscriptions *subscriptions = load(item, 1);

	memcpy(version, wef_subscription_at(subscriptions, 0)->version, WSMAN_UUID_SIZE);
	wef_subscriptions_unref(subscriptions);
}

START_TEST(another_content_is_another_version)
{
	char first[WSMAN_UUID_SIZE], again[WSMAN_UUID_SIZE];

	begin(QUERY);
	struct written_subscription item = written("one");
	version_of(&item, first);
	version_of(&item, again);
	ck_assert_str_eq(first, again);
	item.latency_ms++;
	version_of(&item, again);
	ck_assert_str_ne(first, again);
	item.latency_ms--;
	item.content = CONTENT_RENDERED;
	version_of(&item, again);
	ck_assert_str_ne(first, again);
	item.content = CONTENT_RAW;
	ck_assert(file_replace(path, SLICE_LIT(QUERY "\n"), 0600, NULL));
	version_of(&item, again);
	ck_assert_str_ne(first, again);
	end();
}
END_TEST

START_TEST(some_are_for_some_senders)
{
	static const char *const senders[] = {"pc1", "pc2"};

	begin(QUERY);
	struct written_subscription item = written("one");
	item.senders = (struct setting_texts){senders, 2};
	struct wef_subscriptions *subscriptions = load(&item, 1);
	const struct wef_subscription *one = wef_subscription_at(subscriptions, 0);
	ck_assert(wef_subscription_is_for(one, "pc2"));
	ck_assert(!wef_subscription_is_for(one, "pc3"));
	wef_subscriptions_unref(subscriptions);
	end();
}
END_TEST

/* The settings as a person wrote them. */
static bool check_text(const char *text, struct strbuf *out)
{
	struct sender_settings settings = {0};
	struct conf *conf = conf_parse(
		"collector.yaml", slice_str(text), sender_settings_table, &settings, out);
	struct mistakes mistakes = mistakes_into(out, "collector.yaml");

	ck_assert_msg(conf != NULL, "%s", strbuf_cstr(out));
	wef_settings_check(conf, &settings, &mistakes);
	conf_free(conf);
	return mistakes_end(&mistakes);
}

static void check_query(const char *query, const char *mistake)
{
	struct strbuf text = STRBUF_INIT(10000), out = STRBUF_INIT(10000);

	begin(query);
	strbuf_addf(&text, "subscriptions:\n  - name: one\n    query: %s\n", path);
	const bool good = check_text(strbuf_cstr(&text), &out);
	if (mistake == NULL)
		ck_assert_msg(good, "%s", strbuf_cstr(&out));
	else
		ck_assert_msg(!good && strstr(strbuf_cstr(&out), mistake) != NULL, "'%s'",
			strbuf_cstr(&out));
	end();
	strbuf_done(&text);
	strbuf_done(&out);
}

START_TEST(mistakes_in_queries_have_their_place)
{
	check_query(QUERY, NULL);
	check_query("<!-- ours -->\n" QUERY, NULL);
	check_query("<QueryList>\n<Query Id='0'>\n<Select>*</Select>",
		"query.xml:3:9: neither this nor its Query says a Path");
	check_query("<QueryList>\n<Querry/>", "query.xml:2:10: a list of queries has Query");
	check_query("<QueryList><Query Path='a'><Select>\n</Select>", "an expression");
	check_query("<QueryList><Query Path='a'><Select>*</Selec>", "end without its start");
	check_query("<QueryList></QueryList>", "selects nothing");
	check_query("<!DOCTYPE a><QueryList/>", "document types");
	check_query("<Query/>", "a <QueryList> is expected");
	check_query("", "query.xml:1:1: ");
}
END_TEST

START_TEST(mistakes_in_settings_are_found)
{
	struct strbuf out = STRBUF_INIT(10000);

	ck_assert(!check_text("subscriptions:\n"
			      "  - name: one\n"
			      "    query: /nowhere/x.xml\n"
			      "    senders: [nobody]\n"
			      "  - name: one\n"
			      "    query: /nowhere/x.xml\n",
		&out));
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&out), "collector.yaml:3:12: "));
	ck_assert_ptr_nonnull(
		strstr(strbuf_cstr(&out), "collector.yaml:4:15: there is no sender 'nobody'"));
	ck_assert_ptr_nonnull(strstr(
		strbuf_cstr(&out), "collector.yaml:5:11: there is a subscription 'one'"));
	strbuf_done(&out);
}
END_TEST

TEST_MAIN("wef_subscriptions", subscriptions_are_found_by_their_id,
	another_content_is_another_version, some_are_for_some_senders,
	mistakes_in_queries_have_their_place, mistakes_in_settings_are_found)
