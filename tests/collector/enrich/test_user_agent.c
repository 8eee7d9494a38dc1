#include "collector/enrich/user_agent.h"

#include <stdio.h>

#include "tests/support/check.h"

static const struct sample {
	const char *text, *class, *name, *version, *os, *os_version,
		*device; /* NULL = absent */
} samples[] = {
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	 "Chrome/126.0.0.0 Safari/537.36",
		"browser", "Chrome", "126.0.0.0", "Windows", "10", NULL},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	 "Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.61",
		"browser", "Edge", "120.0.2210.61", "Windows", "10", NULL},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	 "coc_coc_browser/119.0.180 Chrome/113.0.5672.180 Safari/537.36",
		"browser", "Cốc Cốc", "119.0.180", "Windows", "10", NULL},
	{"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
		"browser", "Firefox", "115.0", "Ubuntu", NULL, NULL},
	{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
	 "Gecko) Version/17.1 Safari/605.1.15",
		"browser", "Safari", "17.1", "macOS", "10_15_7", "Mac"},
	{"Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
	 "like Gecko) Version/16.5 Mobile/15E148 Safari/604.1",
		"browser", "Safari", "16.5", "iOS", "16_5", "iPhone"},
	{"Mozilla/5.0 (iPad; CPU OS 15_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
	 "Gecko) CriOS/118.0.5993.92 Mobile/15E148 Safari/604.1",
		"browser", "Chrome", "118.0.5993.92", "iOS", "15_7", "iPad"},
	{"Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
	 "SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
		"browser", "Samsung Internet", "23.0", "Android", "13", "SM-S918B"},
	{"Mozilla/5.0 (Linux; U; Android 4.4.2; vi-vn; GT-I9300 Build/KOT49H) "
	 "AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30",
		"browser", "Safari", "4.0", "Android", "4.4.2", "GT-I9300"},
	{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
	 "Chrome/124.0.0.0 Mobile Safari/537.36",
		"browser", "Chrome", "124.0.0.0", "Android", "10", NULL},
	{"Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "browser",
		"IE", "11.0", "Windows", "7", NULL},
	{"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0)", "browser", "IE",
		"8.0", "Windows", "XP", NULL},
	{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) "
	 "Chrome/119.0.0.0 Safari/537.36",
		"browser", "Chrome", "119.0.0.0", "Chrome OS", "14541.0.0", NULL},
	{"Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.18", "browser", "Opera",
		"12.18", "Windows", "7", NULL},
	{"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot",
		"Googlebot", "2.1", NULL, NULL, NULL},
	{"Mozilla/5.0 (compatible; coccocbot-web/1.0; +http://help.coccoc.com/searchengine)",
		"bot", "coccocbot", "1.0", NULL, NULL, NULL},
	{"Mozilla/5.0 (compatible; NewThing-Crawler/0.3)", "bot", "NewThing-Crawler", "0.3",
		NULL, NULL, NULL},
	{"Googlebot-Video/1.0", "bot", "Googlebot-Video", "1.0", NULL, NULL, NULL},
	{"Mozilla/5.0 (Linux; Android 9; CUBOT NOTE 20) Chrome/90.0 Mobile", "browser",
		"Chrome", "90.0", "Android", "9", "CUBOT NOTE 20"},
	{"curl/7.88.1", "tool", "curl", "7.88.1", NULL, NULL, NULL},
	{"Wget/1.21.3 (linux-gnu)", "tool", "Wget", "1.21.3", NULL, NULL, NULL},
	{"python-requests/2.31.0", "tool", "python-requests", "2.31.0", NULL, NULL, NULL},
	{"Python/3.11 aiohttp/3.8.4", "tool", "aiohttp", "3.8.4", NULL, NULL, NULL},
	{"Go-http-client/2.0", "tool", "Go-http-client", "2.0", NULL, NULL, NULL},
	{"Java/1.8.0_191", "tool", "Java", "1.8.0_191", NULL, NULL, NULL},
	{"Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1",
		"tool", "WindowsPowerShell", "5.1.19041.1", "Windows", "10", NULL},
	{"Microsoft BITS/7.8", "tool", "Microsoft BITS", "7.8", NULL, NULL, NULL},
	{"sqlmap/1.7.2#stable (https://sqlmap.org)", "scanner", "sqlmap", "1.7.2", NULL, NULL,
		NULL},
	{"Mozilla/5.00 (Nikto/2.1.6) (Evasions:None) (Test:000001)", "scanner", "Nikto",
		"2.1.6", NULL, NULL, NULL},
	{"Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)",
		"scanner", "Nmap", NULL, NULL, NULL, NULL},
	{"Fuzz Faster U Fool v2.0.0-dev", "scanner", "ffuf", NULL, NULL, NULL, NULL},
	{"SQLMAP/1.0 curl/7.0 Googlebot/2.1", "scanner", "sqlmap", "1.0", NULL, NULL, NULL},
	{"something of ours", "other", NULL, NULL, NULL, NULL, NULL},
	{"", "other", NULL, NULL, NULL, NULL, NULL},
	{"/", "other", NULL, NULL, NULL, NULL, NULL},
	{"curl/", "tool", "curl", NULL, NULL, NULL, NULL},
	{"curl", "tool", "curl", NULL, NULL, NULL, NULL},
	{"Android ", "other", NULL, NULL, "Android", NULL, NULL},
	{"Android 9; ", "other", NULL, NULL, "Android", "9", NULL},
};

static void check_value(
	const struct sample *sample, const char *what, struct slice got, const char *want)
{
	ck_assert_msg(slice_absent(got) == (want == NULL) &&
			      slice_eq(got, want ? slice_str(want) : SLICE_NONE),
		"%s of '%s': '%.*s', want '%s'", what, sample->text, SLICE_FMT(got),
		want ? want : "none");
}

START_TEST(programs_systems_and_devices_are_found)
{
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		const struct sample *sample = &samples[i];
		struct user_agent agent;

		user_agent_read(slice_str(sample->text), &agent);
		check_value(sample, "class", user_agent_class_name(agent.class), sample->class);
		check_value(sample, "name", agent.name, sample->name);
		check_value(sample, "version", agent.version, sample->version);
		check_value(sample, "os", agent.os_name, sample->os);
		check_value(sample, "os version", agent.os_version, sample->os_version);
		check_value(sample, "device", agent.device, sample->device);
	}
}
END_TEST

static void check_same(struct slice a, struct slice b)
{
	ck_assert_int_eq(slice_absent(a), slice_absent(b));
	ck_assert_slice_eq(a, b);
}

/* More texts than slots, each twice, and none points into another's copy. */
START_TEST(what_was_read_before_is_found_again)
{
	static struct user_agent_cache cache;

	for (unsigned round = 0; round < 2 * USER_AGENT_CACHE_SIZE * 3; round++) {
		const struct sample *sample = &samples[round % ARRAY_LEN(samples)];
		struct user_agent found, read;
		char text[USER_AGENT_READ_MAX + 100];

		int len = snprintf(text, sizeof(text), "%s%*u", sample->text,
			round % 3 ? 0 : USER_AGENT_READ_MAX, round % 1000);
		struct slice whole = slice_of(
			text, (size_t)len < sizeof(text) - 1 ? (size_t)len : sizeof(text) - 1);
		user_agent_find(&cache, whole, &found);
		user_agent_read(whole, &read);
		check_same(found.name, read.name);
		check_same(found.version, read.version);
		check_same(found.os_name, read.os_name);
		check_same(found.os_version, read.os_version);
		check_same(found.device, read.device);
		ck_assert_int_eq(found.class, read.class);
		ck_assert_int_eq(slice_is_within(found.version, whole),
			slice_is_within(read.version, whole));
	}
}
END_TEST

/* Each end is an end of memory, for the sanitizer. */
START_TEST(a_text_may_end_anywhere)
{
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		size_t len = strlen(samples[i].text);

		for (size_t cut = 1; cut <= len; cut++) {
			struct user_agent agent;
			char *copy = malloc(cut);

			memcpy(copy, samples[i].text, cut);
			user_agent_read(slice_of(copy, cut), &agent);
			free(copy);
		}
	}
}
END_TEST

START_TEST(a_megabyte_is_read_at_its_beginning_only)
{
	enum { SIZE = 1 << 20 };
	struct user_agent agent;
	char *text = malloc(SIZE);

	memset(text, 'a', SIZE);
	memcpy(text, "curl/8.1 ", 9);
	memcpy(text + 600, " sqlmap/1.7 ", 12);
	user_agent_read(slice_of(text, SIZE), &agent);
	ck_assert_int_eq(agent.class, USER_AGENT_TOOL);
	ck_assert_slice_eq(agent.version, SLICE_LIT("8.1"));
	memset(text, '1', SIZE);
	memcpy(text, "curl/", 5);
	user_agent_read(slice_of(text, SIZE), &agent);
	ck_assert_uint_eq(agent.version.len, USER_AGENT_VERSION_MAX);
	free(text);
}
END_TEST

TEST_MAIN("user_agent", programs_systems_and_devices_are_found,
	what_was_read_before_is_found_again, a_text_may_end_anywhere,
	a_megabyte_is_read_at_its_beginning_only)
