#include <stdio.h>

#include "tests/collector/ingest/exporters/netflow9.h"

START_TEST(what_waits_is_bounded_and_given_up_in_order)
{
	begin();
	put_head9(&bytes, 1, 7);
	for (unsigned i = 0; i < 300; i++) {
		size_t set = begin_set(&bytes, 300);
		put32(&bytes, i);
		end_set(&bytes, set);
	}
	(void)read_bytes(exporters, &bytes);
	ck_assert_uint_eq(n_heard, 300 - 256);
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&heard), "\"octets\":\"00000000\"}"));
	exporters_flush(exporters);
	ck_assert_uint_eq(n_heard, 300);
	end();
}
END_TEST

/* 20000 bytes each: the exporter's room is the limit, not their number. */
START_TEST(what_waits_is_bounded_in_bytes)
{
	begin();
	for (unsigned i = 0; i < 60; i++) {
		put_head9(&bytes, i, 7);
		size_t set = begin_set(&bytes, 300);
		for (unsigned k = 0; k < 5000; k++)
			put32(&bytes, k);
		end_set(&bytes, set);
		(void)read_bytes(exporters, &bytes);
		ck_assert_uint_eq(n_heard, i >= 52);
	}
	strbuf_reset(&heard);
	n_heard = 0;
	exporters_flush(exporters);
	ck_assert_uint_eq(n_heard, 52);
	end();
}
END_TEST

/* More than an exporter may have: those used last stay. */
START_TEST(templates_are_bounded)
{
	begin();
	put_head9(&bytes, 1, 7);
	put_simple_template9(&bytes);
	(void)read_bytes(exporters, &bytes);
	for (unsigned round = 0; round < 40; round++) {
		put_head9(&bytes, 2, 7);
		for (unsigned i = 0; i < 500; i++) {
			put_template_set(&bytes, 0, 1000 + 500 * round + i, simple);
		}
		put_simple_data(&bytes, 1, 0);
		(void)read_bytes(exporters, &bytes);
		ck_assert_uint_eq(n_heard, 1);
	}
	put_head9(&bytes, 3, 7);
	size_t set = begin_set(&bytes, 1000);
	put_simple(&bytes, 3);
	end_set(&bytes, set);
	(void)read_bytes(exporters, &bytes);
	ck_assert_uint_eq(n_heard, 0); /* that one is forgotten */
	end();
}
END_TEST

START_TEST(domains_and_exporters_are_bounded)
{
	char address[NETADDR_TEXT_MAX];

	begin();
	for (unsigned i = 0; i < 100; i++) {
		put_head9(&bytes, 1, i);
		put_simple_template9(&bytes);
		(void)read_bytes(exporters, &bytes);
	}
	put_head9(&bytes, 2, 0);
	put_simple_data(&bytes, 1, 0);
	(void)read_bytes(exporters, &bytes);
	ck_assert_uint_eq(n_heard, 0);
	put_head9(&bytes, 2, 99);
	put_simple_data(&bytes, 1, 0);
	(void)read_bytes(exporters, &bytes);
	ck_assert_uint_eq(n_heard, 1);
	for (unsigned i = 0; i < EXPORTERS_MAX + 10; i++) {
		put_head9(&bytes, 1, 7);
		put_simple_template9(&bytes);
		snprintf(address, sizeof(address), "10.1.%u.%u", i / 256, i % 256);
		(void)read_at(exporters, address, slice_of_bytes(&bytes), 0);
	}
	put_head9(&bytes, 3, 99);
	put_simple_data(&bytes, 1, 0);
	(void)read_bytes(exporters, &bytes);
	ck_assert_uint_eq(n_heard, 0);
	end();
}
END_TEST

static const char flooding, other; /* senders */

/* A template, and data of `n_values` * 4 bytes that wait for another. */
static void put_flood(unsigned n_values)
{
	put_head9(&bytes, 1, 7);
	put_simple_template9(&bytes);
	size_t set = begin_set(&bytes, 300);
	for (unsigned i = 0; i < n_values; i++)
		put32(&bytes, i);
	end_set(&bytes, set);
}

static void read_flood(unsigned address, unsigned times)
{
	char text[NETADDR_TEXT_MAX];

	snprintf(text, sizeof(text), "10.1.%u.%u", address / 256, address % 256);
	for (unsigned i = 0; i < times; i++)
		(void)read_of(exporters, &flooding, text, slice_of_bytes(&bytes), 0);
}

START_TEST(a_sender_of_many_addresses_pushes_out_its_own)
{
	begin();
	put_head9(&bytes, 1, 7);
	put_simple_template9(&bytes);
	(void)read_of(exporters, &other, "192.0.2.1", slice_of_bytes(&bytes), 0);
	put_flood(1);
	for (unsigned i = 0; i < EXPORTERS_MAX + 10; i++)
		read_flood(i, 1);
	put_head9(&bytes, 2, 7);
	put_simple_data(&bytes, 1, 0);
	(void)read_of(exporters, &other, "192.0.2.1", slice_of_bytes(&bytes), 0);
	check_heard(HEAD9("2", "256") "}," SIMPLE("1") "}\n");
	end();
}
END_TEST

START_TEST(what_waits_of_a_flood_makes_room_for_others)
{
	enum { RECORDS = 3500 };

	begin();
	put_flood(5000);
	for (unsigned i = 0; i < 17; i++)
		read_flood(i, 52);
	put_head9(&bytes, 1, 7);
	size_t set = begin_set(&bytes, 256);
	for (unsigned i = 0; i < RECORDS; i++)
		put_simple(&bytes, 1);
	end_set(&bytes, set);
	(void)read_of(exporters, &other, "192.0.2.1", slice_of_bytes(&bytes), 0);
	ck_assert_uint_ge(n_heard, 2); /* of the flood, given up */
	put_head9(&bytes, 2, 7);
	put_simple_template9(&bytes);
	(void)read_of(exporters, &other, "192.0.2.1", slice_of_bytes(&bytes), 0);
	ck_assert_uint_eq(n_heard, RECORDS);
	end();
}
END_TEST

START_TEST(an_exporter_may_become_another_senders)
{
	begin();
	put_head9(&bytes, 1, 7);
	put_simple_data(&bytes, 1, 0);
	(void)read_of(exporters, &flooding, "192.0.2.1", slice_of_bytes(&bytes), 0);
	put_head9(&bytes, 2, 7);
	put_simple_template9(&bytes);
	(void)read_of(exporters, &other, "192.0.2.1", slice_of_bytes(&bytes), 0);
	check_heard(HEAD9("1", "256") "}," SIMPLE("1") "}\n");
	put_head9(&bytes, 3, 7);
	put_simple_data(&bytes, 2, 0);
	(void)read_of(exporters, &flooding, "192.0.2.1", slice_of_bytes(&bytes), 0);
	check_heard(HEAD9("3", "256") "}," SIMPLE("2") "}\n");
	end();
}
END_TEST

/* Nobody counts in records of a byte; each would cost a line. */
START_TEST(records_of_next_to_nothing_are_bounded)
{
	static const unsigned one[][2] = {{4, 1}, {0, 0}};

	begin();
	put_head9(&bytes, 1, 7);
	put_template_set(&bytes, 0, 256, one);
	size_t set = begin_set(&bytes, 256);
	for (unsigned i = 0; i < 60000; i++)
		put8(&bytes, 6);
	end_set(&bytes, set);
	(void)read_bytes(exporters, &bytes);
	ck_assert_uint_eq(n_heard, 8192 + 1);
	ck_assert_ptr_nonnull(
		strstr(strbuf_cstr(&heard), "\"damaged\":\"too many small values\"}"));
	end();
}
END_TEST

/* As Juniper tells scopes; without a bound they would be large lines for nothing. */
START_TEST(fields_of_no_bytes_are_in_no_record)
{
	begin();
	put_head9(&bytes, 1, 7);
	size_t set = begin_set(&bytes, 0);
	put16(&bytes, 256);
	put16(&bytes, 256);
	for (unsigned i = 0; i < 255; i++) {
		put16(&bytes, 12232);
		put16(&bytes, 0);
	}
	put16(&bytes, 4);
	put16(&bytes, 1);
	end_set(&bytes, set);
	set = begin_set(&bytes, 1); /* nothing at all is no record */
	put16(&bytes, 257);
	put16(&bytes, 4);
	put16(&bytes, 0);
	put16(&bytes, 1);
	put16(&bytes, 0);
	end_set(&bytes, set);
	set = begin_set(&bytes, 256);
	put8(&bytes, 6);
	end_set(&bytes, set);
	(void)read_bytes(exporters, &bytes);
	check_heard("{\"flow\":{\"version\":\"netflow9\",\"exporter\":\"192.0.2.1\","
		    "\"domain\":7,\"sequence\":1,\"uptime\":100500,"
		    "\"time\":\"2026-03-07T03:00:00Z\","
		    "\"damaged\":\"a template makes no sense\"},"
		    "\"octets\":\"01010004000000010000\"}\n" HEAD9(
			    "1", "256") "},\"protocolIdentifier\":6}\n");
	end();
}
END_TEST

struct sums {
	size_t size;
	unsigned n_damaged;
};

static void add_up(void *user, const struct export_line *line)
{
	struct sums *sums = user;

	sums->size += line->json.len;
	sums->n_damaged += memmem(line->json.ptr, line->json.len, "damaged", 7) != NULL;
}

/* Records of one byte, and a name for it of many in JSON. */
START_TEST(lines_of_a_datagram_are_bounded)
{
	static const unsigned one[][2] = {{10, 1}, {0, 0}};
	char name[55] = "";
	struct sums sums = {0};

	exporters = exporters_new(EXPORT_NETFLOW, add_up, &sums);
	put_head10(&bytes, 1, 7);
	size_t set = begin_set(&bytes, 3);
	put16(&bytes, 257);
	put16(&bytes, 2);
	put16(&bytes, 1);
	put16(&bytes, 10);
	put16(&bytes, 1);
	put16(&bytes, 82);
	put16(&bytes, 54);
	end_set(&bytes, set);
	put_template_set(&bytes, 2, 256, one);
	set = begin_set(&bytes, 257);
	memset(name, 1, sizeof(name) - 1);
	put8(&bytes, 3);
	put_text(&bytes, name, sizeof(name) - 1);
	end_set(&bytes, set);
	for (unsigned i = 0; i < 7; i++) {
		set = begin_set(&bytes, 256);
		for (unsigned j = 0; j < 8192; j++)
			put8(&bytes, 3);
		end_set(&bytes, set);
	}
	end_message(&bytes);
	(void)read_bytes(exporters, &bytes);
	ck_assert_uint_gt(sums.size, EXPORT_LINES_MAX);
	ck_assert_uint_lt(sums.size, EXPORT_LINES_MAX + 3 * DATAGRAM_SIZE);
	ck_assert_uint_eq(sums.n_damaged, 2); /* the rest of a set, and of the datagram */
	sums = (struct sums){0};
	(void)read_bytes(exporters, &bytes); /* the next one may again */
	ck_assert_uint_gt(sums.size, EXPORT_LINES_MAX);
	exporters_free(exporters);
}
END_TEST

/* Names of more interfaces than there is room for: the first ones stay. */
START_TEST(what_options_tell_is_bounded)
{
	static const unsigned interface[][2] = {{10, 4}, {0, 0}};

	begin();
	for (unsigned domain = 0; domain < 60; domain++) {
		put_head9(&bytes, 1, domain);
		size_t set = begin_set(&bytes, 1);
		put16(&bytes, 257);
		put16(&bytes, 4);
		put16(&bytes, 4);
		put16(&bytes, 2);
		put16(&bytes, 4);
		put16(&bytes, 82);
		put16(&bytes, 2);
		put16(&bytes, 0);
		end_set(&bytes, set);
		set = begin_set(&bytes, 257);
		for (unsigned i = 0; i < 3000; i++) {
			put32(&bytes, i);
			put_text(&bytes, "ab", 2);
		}
		end_set(&bytes, set);
		put_template_set(&bytes, 0, 258, interface);
		set = begin_set(&bytes, 258);
		put32(&bytes, 5);
		end_set(&bytes, set);
		(void)read_bytes(exporters, &bytes);
		const bool is_known =
			strstr(strbuf_cstr(&heard),
				"\"known\":{\"ingressInterfaceName\":\"ab\"}") != NULL;
		ck_assert_uint_eq(n_heard, 3001);
		ck_assert(domain > 0 || is_known);
		ck_assert(domain < 59 || !is_known);
	}
	end();
}
END_TEST

TEST_MAIN("bounds", what_waits_is_bounded_and_given_up_in_order, what_waits_is_bounded_in_bytes,
	templates_are_bounded, a_sender_of_many_addresses_pushes_out_its_own,
	what_waits_of_a_flood_makes_room_for_others, an_exporter_may_become_another_senders,
	fields_of_no_bytes_are_in_no_record, lines_of_a_datagram_are_bounded,
	records_of_next_to_nothing_are_bounded, what_options_tell_is_bounded,
	domains_and_exporters_are_bounded)
