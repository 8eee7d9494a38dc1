#include "collector/ingest/senders/senders.h"

#include <stdio.h>
#include <stdlib.h>

#include "collector/ingest/settings.h"
#include "tests/support/check.h"

static struct sender_settings settings;
static struct conf *conf;
static struct sender_book *book;
static struct senders *senders;

/* The mistakes, a line each; "" = none. */
static const char *load(const char *text)
{
	static char mistakes_text[4096];
	struct strbuf out = STRBUF_INIT(1 << 16);
	struct mistakes mistakes = mistakes_into(&out, "s.yaml");

	settings = (struct sender_settings){0};
	conf = conf_parse("s.yaml", slice_str(text), sender_settings_table, &settings, &out);
	if (conf != NULL) {
		sender_settings_check(conf, &settings, &mistakes);
		(void)mistakes_end(&mistakes);
	}
	snprintf(mistakes_text, sizeof(mistakes_text), "%s", strbuf_cstr(&out));
	strbuf_done(&out);
	return mistakes_text;
}

static void begin(const char *text)
{
	ck_assert_str_eq(load(text), "");
	book = sender_book_new();
	senders = senders_new(&settings, book);
	conf_free(conf); /* nothing of the settings is kept */
}

static void end(void)
{
	senders_unref(senders);
	sender_book_free(book);
}

static struct netaddr address(const char *text)
{
	struct netaddr parsed;

	ck_assert(netaddr_parse(slice_str(text), &parsed));
	return parsed;
}

static const char *name_at(unsigned listener, const char *from)
{
	const struct netaddr at = address(from);
	const struct sender *sender = senders_by_address(senders, listener, &at);

	return sender != NULL ? sender->name : "nobody";
}

#define LISTENERS                                                                              \
	"listeners:\n"                                                                         \
	"  - {name: net, transport: udp, listen: \"0.0.0.0:514\"}\n"                           \
	"  - {name: secure, transport: tls, listen: \"0.0.0.0:6515\", clients: optional,\n"    \
	"     ca: ca.pem, certificate: c.pem, key: c.key}\n"

static const char good[] = LISTENERS
	"senders:\n"
	"  - {name: all, addresses: [10.0.0.0/8], agency: 1, host: 1}\n"
	"  - {name: one, addresses: [10.1.2.3, \"2001:db8::/32\"], agency: 2, host: 5, zone: "
	"UTC}\n"
	"  - {name: wide, addresses: [10.1.0.0/16], agency: 3, host: 6, listeners: [secure]}\n"
	"  - {name: shown, addresses: [0.0.0.0/0], agency: 4, host: 7, certificate: "
	"fw.example}\n";

START_TEST(the_longest_prefix_decides)
{
	begin(good);
	ck_assert_str_eq(name_at(0, "10.9.9.9"), "all");
	ck_assert_str_eq(name_at(0, "10.1.2.3"), "one");
	ck_assert_str_eq(name_at(0, "2001:db8::7"), "one");
	ck_assert_str_eq(name_at(0, "192.0.2.1"), "nobody");
	ck_assert_str_eq(name_at(0, "2001:db9::7"), "nobody");
	end();
}
END_TEST

START_TEST(senders_are_known_at_their_listeners_only)
{
	begin(good);
	ck_assert_str_eq(name_at(0, "10.1.9.9"), "all");
	ck_assert_str_eq(name_at(1, "10.1.9.9"), "wide");
	end();
}
END_TEST

static const char *named(const char *name)
{
	const struct netaddr at = address("10.0.0.1");
	const struct sender *sender = senders_by_certificate(senders, 0, &at, slice_str(name));

	return sender != NULL ? sender->name : "nobody";
}

START_TEST(a_star_is_one_part_of_a_name)
{
	begin("listeners:\n  - {name: w, transport: tls, listen: \"[::]:1\", clients: "
	      "required, "
	      "ca: c, certificate: c, key: k}\n"
	      "senders:\n"
	      "  - {name: pool, agency: 1, host: 1, addresses: [10.0.0.0/8], "
	      "certificate: \"*.xa.example\"}\n"
	      "  - {name: one, agency: 1, host: 2, addresses: [10.0.0.0/8], "
	      "certificate: dc.xa.example}\n");
	ck_assert_str_eq(named("pc1.xa.example"), "pool");
	ck_assert_str_eq(named("PC2.XA.Example"), "pool");
	ck_assert_str_eq(named("dc.xa.example"), "one");
	ck_assert_str_eq(named("a.b.xa.example"), "nobody");
	ck_assert_str_eq(named("xa.example"), "nobody");
	ck_assert_str_eq(named(".xa.example"), "nobody");
	ck_assert_str_eq(named("pc1.xa.example.org"), "nobody");
	ck_assert_str_eq(named("pc1"), "nobody");
	end();
}
END_TEST

START_TEST(who_has_a_certificate_is_known_by_nothing_else)
{
	struct netaddr far = address("192.0.2.1");

	begin(good);
	ck_assert_str_eq(name_at(1, "192.0.2.1"), "nobody");
	ck_assert(senders_may_come(senders, 1, &far));
	const struct sender *sender =
		senders_by_certificate(senders, 1, &far, SLICE_LIT("FW.example"));
	ck_assert_str_eq(sender->name, "shown");
	ck_assert_uint_eq(sender->agency, 4);
	ck_assert_ptr_null(
		senders_by_certificate(senders, 1, &far, SLICE_LIT("other.example")));
	ck_assert_ptr_null(senders_by_certificate(senders, 1, &far, SLICE_LIT("fw.example\0")));
	ck_assert_ptr_null(senders_by_certificate(senders, 1, &far, SLICE_LIT("")));
	ck_assert_ptr_null(senders_by_certificate(senders, 0, &far, SLICE_LIT("*.example")));
	far = address("2001:db9::1");
	ck_assert(!senders_may_come(senders, 1, &far));
	end();
}
END_TEST

/* Prefixes of all lengths, some within others: as many looked through one by one would say. */
START_TEST(any_address_is_found_as_one_by_one)
{
	struct strbuf text = STRBUF_INIT(1 << 20);
	struct netprefix prefixes[400];
	struct err err;
	unsigned random = 1;

	strbuf_add_str(&text,
		"listeners:\n  - {name: net, transport: udp, listen: \"[::]:514\"}\n"
		"senders:\n");
	for (unsigned i = 0; i < ARRAY_LEN(prefixes); i++) {
		char written[NETPREFIX_TEXT_MAX];
		const unsigned bits = i % 33;

		random = random * 1103515245 + 12345;
		/* Few different first bytes, so that many hold others; one for each i at least.
		 */
		const unsigned value = (random & 0x0300ffff) | i << 8;
		const unsigned kept = bits == 0 ? 0 : value & ~0U << (32 - bits);
		snprintf(written, sizeof(written), "%u.%u.%u.%u/%u", kept >> 24,
			kept >> 16 & 255, kept >> 8 & 255, kept & 255, bits);
		ck_assert(netprefix_parse(slice_str(written), &prefixes[i], &err));
		strbuf_addf(&text,
			"  - {name: s%u, addresses: [\"%s\"], agency: 1, host: 1%s}\n", i,
			written, i % 7 == 3 ? ", listeners: [net]" : "");
	}
	settings = (struct sender_settings){0};
	struct strbuf out = STRBUF_INIT(1 << 16);
	conf = conf_parse(
		"s.yaml", strbuf_slice(&text), sender_settings_table, &settings, &out);
	ck_assert_msg(conf != NULL, "%s", strbuf_cstr(&out));
	book = sender_book_new();
	senders = senders_new(&settings, book);
	conf_free(conf);
	for (unsigned i = 0; i < 20000; i++) {
		struct netaddr at = prefixes[i % ARRAY_LEN(prefixes)].first;
		int best = -1;

		random = random * 1103515245 + 12345;
		at.low ^= random >> 8 & (i % 3 == 0 ? 0xff : 0x0300ffff);
		for (unsigned j = 0; j < ARRAY_LEN(prefixes); j++) {
			if (netprefix_holds(&prefixes[j], &at) &&
				(best < 0 || prefixes[j].bits > prefixes[best].bits))
				best = (int)j;
		}
		const struct sender *found = senders_by_address(senders, 0, &at);
		ck_assert_int_eq(
			found != NULL ? (int)strtol(found->name + 1, NULL, 10) : -1, best);
	}
	strbuf_done(&text);
	strbuf_done(&out);
	end();
}
END_TEST

START_TEST(what_is_counted_of_a_sender_outlives_a_reload)
{
	struct netaddr at = address("10.9.9.9");

	begin(good);
	atomic_fetch_add(&senders_by_address(senders, 0, &at)->state->messages, 3);
	ck_assert_str_eq(load(good), "");
	struct senders *again = senders_new(&settings, book);
	conf_free(conf);
	senders_unref(senders);
	senders = again;
	ck_assert_uint_eq(senders_by_address(senders, 0, &at)->state->messages, 3);
	end();
}
END_TEST

START_TEST(strangers_are_kept_by_address_and_bounded)
{
	static struct sender_stranger strangers[SENDER_STRANGERS_MAX];
	struct netaddr at = address("192.0.2.1");

	begin(good);
	ck_assert(sender_book_stranger(book, &at, "net"));
	ck_assert(!sender_book_stranger(book, &at, "net"));
	for (uint64_t i = 0; i < 2 * SENDER_STRANGERS_MAX; i++) {
		at.low++;
		(void)sender_book_stranger(book, &at, "net");
	}
	ck_assert_uint_eq(sender_book_strangers(book, strangers), SENDER_STRANGERS_MAX);
	ck_assert_uint_eq(strangers[0].times, 2);
	ck_assert_str_eq(strangers[0].listener, "net");
	end();
}
END_TEST

#define HASH_A "00000000000000000000000000000000000000000000000000000000000000aa"
#define HASH_B "00000000000000000000000000000000000000000000000000000000000000bb"
#define HASH_C "00000000000000000000000000000000000000000000000000000000000000CC"
#define HTTP                                                                                   \
	"listeners:\n"                                                                         \
	"  - {name: net, transport: tcp, listen: \"0.0.0.0:1\"}\n"                             \
	"  - {name: web, transport: tcp, protocol: http, listen: \"0.0.0.0:2\"}\n"
#define WITH_TOKEN(rest) HTTP "senders:\n  - {name: a, agency: 1, host: 1, " rest "}\n"

static const char *name_with(unsigned char last, unsigned listener, const char *from)
{
	const struct netaddr at = address(from);
	unsigned char hash[TOKEN_HASH_SIZE] = {[TOKEN_HASH_SIZE - 1] = last};
	const struct sender *sender = senders_by_token(senders, listener, &at, hash);

	return sender != NULL ? sender->name : "nobody";
}

START_TEST(who_has_tokens_is_known_by_nothing_else)
{
	begin(HTTP
		"senders:\n"
		"  - {name: a, agency: 1, host: 1, addresses: [10.0.0.0/8], listeners: [web], "
		"token-sha256: [" HASH_B ", " HASH_A "]}\n"
		"  - {name: b, agency: 1, host: 2, addresses: [10.0.0.0/8], listeners: [web], "
		"token-sha256: [" HASH_C "]}\n"
		"  - {name: c, agency: 1, host: 3, addresses: [10.0.0.0/8]}\n");
	ck_assert_str_eq(name_with(0xaa, 1, "10.1.1.1"), "a");
	ck_assert_str_eq(name_with(0xbb, 1, "10.1.1.1"), "a");
	ck_assert_str_eq(name_with(0xcc, 1, "10.1.1.1"), "b");
	ck_assert_str_eq(name_with(0xdd, 1, "10.1.1.1"), "nobody");
	ck_assert_str_eq(name_with(0xaa, 1, "192.0.2.1"), "nobody");
	ck_assert_str_eq(name_with(0xaa, 0, "10.1.1.1"), "nobody");
	ck_assert_str_eq(name_at(1, "10.1.1.1"), "c");
	const struct netaddr at = address("10.1.1.1");
	ck_assert_int_eq(
		sender_strength(senders_by_address(senders, 1, &at)), IDENTITY_ADDRESS);
	unsigned char hash[TOKEN_HASH_SIZE] = {[TOKEN_HASH_SIZE - 1] = 0xaa};
	ck_assert_int_eq(sender_strength(senders_with_token(senders, hash)), IDENTITY_TOKEN);
	end();
}
END_TEST

static void check_mistake(const char *text, const char *wanted)
{
	const char *mistakes = load(text);

	ck_assert_msg(
		strstr(mistakes, wanted) != NULL, "got '%s', want '%s'", mistakes, wanted);
	ck_assert_msg(strncmp(mistakes, "s.yaml:", 7) == 0, "no place in '%s'", mistakes);
	conf_free(conf);
}

#define SENDER(rest) LISTENERS "senders:\n  - {name: a, agency: 1, host: 1, " rest "}\n"

#define BEATS                                                                                  \
	"listeners:\n  - {name: net, transport: tcp, protocol: beats, listen: "                \
	"\"0.0.0.0:1\"}\n"

#define NAMED_BY(name)                                                                         \
	"listeners:\n  - {name: tls, transport: tls, listen: \"0.0.0.0:1\", certificate: c, "  \
	"key: k, clients: required, ca: r}\n"                                                  \
	"senders:\n  - {name: a, agency: 1, host: 1, addresses: [10.0.0.0/8], "                \
	"certificate: " name "}\n"

START_TEST(mistakes_are_told_with_their_place)
{
	check_mistake("listeners:\n  - {name: x, transport: tls, listen: \"0.0.0.0:1\"}\n",
		"s.yaml:2:26: tls needs 'certificate' and 'key'");
	check_mistake("listeners:\n  - {name: x, transport: udp, listen: \"0.0.0.0:1\", "
		      "clients: required}\n",
		"only tls asks senders");
	check_mistake("listeners:\n  - {name: x, transport: tls, listen: \"0.0.0.0:1\", "
		      "certificate: c, key: k, clients: required}\n",
		"only with 'ca'");
	check_mistake(LISTENERS "  - {name: net, transport: tcp, listen: \"0.0.0.0:514\"}\n",
		"there is a listener 'net' already");
	check_mistake(SENDER("addresses: [10.0.0.1/8]"), "s.yaml:6:");
	check_mistake(SENDER("addresses: [fw.example]"), "not an IP address or prefix");
	check_mistake(SENDER("addresses: [10.0.0.1], listeners: [nett]"),
		"there is no listener 'nett'");
	check_mistake(SENDER("addresses: [10.0.0.1], zone: Hanoi"), "'Hanoi' is neither UTC");
	check_mistake(SENDER("addresses: [10.0.0.1], listeners: [net], certificate: x.example"),
		"none of its listeners asks");
	check_mistake(NAMED_BY("pc*.xa.example"), "a * stands for the first part");
	check_mistake(NAMED_BY("\"*.*.example\""), "a * stands for the first part");
	check_mistake("listeners:\n  - {name: w, transport: tcp, protocol: wef, listen: "
		      "\"[::]:1\"}\n",
		"wef needs tls and 'clients: required'");
	check_mistake(SENDER("addresses: []"), "addresses");
	check_mistake(SENDER("addresses: [10.0.0.1]") "  - {name: a, agency: 1, host: 2, "
						      "addresses: [10.0.0.2]}\n",
		"there is a sender 'a' already");
	check_mistake(SENDER("addresses: [10.0.0.1]") "  - {name: b, agency: 1, host: 2, "
						      "addresses: [10.0.0.9, 10.0.0.1]}\n",
		"are the addresses of 'a' too");
	check_mistake(SENDER("addresses: [192.0.2.1]") "  - {name: b, agency: 1, host: 2, "
						       "addresses: [192.0.2.1/32]}\n",
		"these are the addresses of 'a' too");
	check_mistake(
		SENDER("addresses: [\"2001:DB8::1\"]") "  - {name: b, agency: 1, host: 2, "
						       "addresses: [\"2001:db8:0::1\"]}\n",
		"are the addresses of 'a' too");
	check_mistake(NAMED_BY("Fw.Example") "  - {name: b, agency: 1, host: 2, "
					     "addresses: [10.0.0.0/8], "
					     "certificate: fw.example}\n",
		"are the addresses of 'a' too");
	check_mistake(BEATS "senders:\n  - {name: a, agency: 1, host: 1, "
			    "addresses: [10.0.0.1], charset: tcvn3}\n",
		"speak protocols whose text is utf-8");
	check_mistake(
		WITH_TOKEN("addresses: [10.0.0.1], token-sha256: [secret]"), "no SHA-256");
	check_mistake(
		WITH_TOKEN(
			"addresses: [10.0.0.1], listeners: [net], token-sha256: [" HASH_A "]"),
		"none of its listeners speaks http");
	check_mistake(
		WITH_TOKEN("addresses: [10.0.0.1], token-sha256: [" HASH_A ", " HASH_A "]"),
		"this is a token of 'a' already");
	check_mistake(
		WITH_TOKEN("addresses: [10.0.0.1], token-sha256: [" HASH_A
			   "]") "  - {name: b, agency: 2, host: 1, addresses: [10.0.0.2], "
				"token-sha256: [" HASH_C ", " HASH_A "]}\n",
		"this is a token of 'a' already");
	check_mistake(HTTP "senders:\n  - {name: a, agency: 1, host: 1, addresses: [10.0.0.1], "
			   "certificate: x.example, token-sha256: [" HASH_A "]}\n",
		"one of both");
	check_mistake("listeners:\n  - {name: x, transport: udp, protocol: http, listen: "
		      "\"0.0.0.0:1\"}\n",
		"http needs a connection");
}
END_TEST

TEST_MAIN("senders", any_address_is_found_as_one_by_one, the_longest_prefix_decides,
	senders_are_known_at_their_listeners_only,
	who_has_a_certificate_is_known_by_nothing_else, who_has_tokens_is_known_by_nothing_else,
	a_star_is_one_part_of_a_name, what_is_counted_of_a_sender_outlives_a_reload,
	strangers_are_kept_by_address_and_bounded, mistakes_are_told_with_their_place)
