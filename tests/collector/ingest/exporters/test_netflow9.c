#include <stdio.h>

#include "tests/collector/ingest/exporters/netflow9.h"

START_TEST(records_are_read_by_their_template)
{
	begin();
	put_head9(&bytes, 1, 7);
	put_simple_template9(&bytes);
	put_simple_data(&bytes, 1, 3);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	check_heard(HEAD9("1", "256") "}," SIMPLE("1") "}\n");
	put_head9(&bytes, 5, 7);
	put_simple_data(&bytes, 2, 3);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 3); /* of datagrams */
	check_heard(HEAD9("5", "256") "}," SIMPLE("2") "}\n");
	end();
}
END_TEST

START_TEST(data_waits_for_its_template)
{
	begin();
	put_head9(&bytes, 1, 7);
	put_simple_data(&bytes, 1, 0);
	(void)read_bytes(exporters, &bytes);
	ck_assert_uint_eq(n_heard, 0);
	put_head9(&bytes, 2, 8); /* another domain's */
	put_simple_template9(&bytes);
	(void)read_bytes(exporters, &bytes);
	ck_assert_uint_eq(n_heard, 0);
	put_head9(&bytes, 2, 7);
	put_simple_template9(&bytes);
	put_simple_data(&bytes, 2, 0);
	(void)read_bytes(exporters, &bytes);
	check_heard(HEAD9("1", "256") "}," SIMPLE("1") "}\n" HEAD9("2", "256") "}," SIMPLE(
		"2") "}\n");
	end();
}
END_TEST

START_TEST(data_whose_template_never_comes_is_kept_as_bytes)
{
	begin();
	put_head9(&bytes, 1, 7);
	size_t set = begin_set(&bytes, 300);
	put32(&bytes, 0x01020304);
	end_set(&bytes, set);
	(void)read_bytes(exporters, &bytes);
	exporters_check(exporters, 1000 + EXPORT_HOLD_MS - 1);
	ck_assert_uint_eq(n_heard, 0);
	exporters_check(exporters, 1000 + EXPORT_HOLD_MS);
	check_heard(HEAD9("1", "300") ",\"damaged\":\"its template did not "
				      "come\"},\"octets\":\"01020304\"}\n");
	(void)read_bytes(exporters, &bytes);
	exporters_flush(exporters);
	ck_assert_uint_eq(n_heard, 1);
	end();
}
END_TEST

START_TEST(a_template_may_change)
{
	static const unsigned other[][2] = {{8, 4}, {12, 4}, {1, 1}, {0, 0}};

	begin();
	put_head9(&bytes, 1, 7);
	put_simple_template9(&bytes);
	put_simple_data(&bytes, 1, 0);
	put_template_set(&bytes, 0, 256, other);
	size_t set = begin_set(&bytes, 256);
	put32(&bytes, 0x0a000001);
	put32(&bytes, 0x0a000002);
	put8(&bytes, 9);
	end_set(&bytes, set);
	(void)read_bytes(exporters, &bytes);
	check_heard(HEAD9("1", "256") "}," SIMPLE("1") "}\n" HEAD9(
		"1", "256") "},\"sourceIPv4Address\":\"10.0.0.1\",\"destinationIPv4Address\":"
			    "\"10.0.0.2\",\"octetDeltaCount\":9}\n");
	end();
}
END_TEST

START_TEST(a_template_that_is_not_told_again_is_forgotten)
{
	begin();
	put_head9(&bytes, 1, 7);
	put_simple_template9(&bytes);
	(void)read_at(exporters, "192.0.2.1", slice_of_bytes(&bytes), 1000);
	put_head9(&bytes, 2, 7);
	put_simple_data(&bytes, 1, 0);
	(void)read_at(
		exporters, "192.0.2.1", slice_of_bytes(&bytes), 1000 + EXPORT_TEMPLATE_AGE_MS);
	ck_assert_uint_eq(n_heard, 1);
	(void)read_at(
		exporters, "192.0.2.1", slice_of_bytes(&bytes), 1001 + EXPORT_TEMPLATE_AGE_MS);
	ck_assert_uint_eq(n_heard, 0);
	(void)read_at(exporters, "192.0.2.2", slice_of_bytes(&bytes), 1001);
	ck_assert_uint_eq(n_heard, 0); /* another exporter's data */
	end();
}
END_TEST

START_TEST(a_restart_forgets_templates)
{
	begin();
	put_head9(&bytes, 1, 7);
	put_simple_template9(&bytes);
	(void)read_bytes(exporters, &bytes);
	put_head9(&bytes, 2, 7);
	bytes.at[6] = 0; /* uptime 100500 -> 148 ms */
	bytes.at[5] = 0;
	put_simple_data(&bytes, 1, 0);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	ck_assert_uint_eq(n_heard, 0);
	end();
}
END_TEST

static void put_options9(void)
{
	size_t set = begin_set(&bytes, 1);

	put16(&bytes, 257);
	put16(&bytes, 4); /* bytes of scopes */
	put16(&bytes, 8); /* bytes of the others */
	put16(&bytes, 2); /* interface */
	put16(&bytes, 4);
	put16(&bytes, 82);
	put16(&bytes, 8);
	put16(&bytes, 34);
	put16(&bytes, 4);
	put16(&bytes, 0); /* padding */
	end_set(&bytes, set);
	set = begin_set(&bytes, 257);
	put32(&bytes, 3);
	put_text(&bytes, "Gi0/1", 8);
	put32(&bytes, 1000);
	end_set(&bytes, set);
}

START_TEST(options_tell_names_and_sampling)
{
	static const unsigned with_interface[][2] = {{10, 2}, {14, 4}, {0, 0}};

	begin();
	put_head9(&bytes, 1, 7);
	put_options9();
	put_template_set(&bytes, 0, 258, with_interface);
	size_t set = begin_set(&bytes, 258);
	put16(&bytes, 3);
	put32(&bytes, 4);
	end_set(&bytes, set);
	(void)read_bytes(exporters, &bytes);
	check_heard(HEAD9("1",
		"257") ",\"options\":true},\"scope.interface\":3,\"interfaceName\":\"Gi0/1\","
		       "\"samplingInterval\":1000}\n" HEAD9(
			       "1", "258") "},\"ingressInterface\":3,\"egressInterface\":4,"
					   "\"known\":{\"ingressInterfaceName\":\"Gi0/1\","
					   "\"samplingInterval\":1000}}\n");
	end();
}
END_TEST

/* Every abstract data type, reduced and whole; a reverse element, an enterprise's, one of
 * variable length, one twice. */
START_TEST(values_of_every_type_have_their_text)
{
	static const unsigned fields[][2] = {{27, 16}, {56, 6}, {1, 3}, {434, 2}, {311, 8},
		{320, 4}, {276, 1}, {150, 4}, {152, 8}, {154, 8}, {156, 8}, {95, 4},
		{82, 65535}, {82, 65535}, {210, 2}, {506, 1}, {8, 5}, {0, 0}};

	begin();
	put_head10(&bytes, 1, 7);
	put_template_set(&bytes, 2, 256, fields);
	size_t set = begin_set(&bytes, 256);
	put64(&bytes, 0x20010db800000000);
	put64(&bytes, 1);
	put32(&bytes, 0x00005e00);
	put16(&bytes, 0x5301);
	put8(&bytes, 1);
	put16(&bytes, 0);
	put16(&bytes, 0xfffe);
	put64(&bytes, 0x3fd0000000000000);
	put32(&bytes, 0x7fc00000);
	put8(&bytes, 1);
	put32(&bytes, 1772852400);
	put64(&bytes, 1772852400123);
	put32(&bytes, 1772852400 + 2208988800);
	put32(&bytes, 0x80000000);
	put32(&bytes, 1);
	put32(&bytes, 0x40000000);
	put32(&bytes, 0x0d000001);
	put8(&bytes, 3);
	put_text(&bytes, "a\"\xff", 3);
	put8(&bytes, 255);
	put16(&bytes, 4);
	put_text(&bytes, "l\xe1\xba\xa7", 4);
	put16(&bytes, 0);
	put8(&bytes, 9);
	put32(&bytes, 0x0a000001);
	put8(&bytes, 2);
	end_set(&bytes, set);
	end_message(&bytes);
	(void)read_bytes(exporters, &bytes);
	check_heard(
		HEAD10("1", "256") "},\"sourceIPv6Address\":\"2001:db8::1\","
				   "\"sourceMacAddress\":\"00:00:5e:00:53:01\","
				   "\"octetDeltaCount\":65536,"
				   "\"mibObjectValueInteger\":-2,"
				   "\"samplingProbability\":0.25,"
				   "\"absoluteError\":\"7fc00000\","
				   "\"dataRecordsReliability\":true,"
				   "\"flowStartSeconds\":\"2026-03-07T03:00:00Z\","
				   "\"flowStartMilliseconds\":\"2026-03-07T03:00:00.123Z\","
				   "\"flowStartMicroseconds\":"
				   "\"2026-03-07T03:00:00.500000Z\","
				   "\"flowStartNanoseconds\":"
				   "\"2036-02-07T06:28:17.250000000Z\","
				   "\"applicationId\":\"0d000001\","
				   "\"interfaceName\":\"a\\\"\xef\xbf\xbd\","
				   "\"interfaceName.2\":\"l\xe1\xba\xa7\","
				   "\"0.506\":\"09\",\"sourceIPv4Address\":\"0a00000102\"}\n");
	end();
}
END_TEST

START_TEST(enterprises_have_elements_of_their_own)
{
	begin();
	put_head10(&bytes, 1, 7);
	size_t set = begin_set(&bytes, 2);
	put16(&bytes, 256);
	put16(&bytes, 3);
	put16(&bytes, 0x8000 | 1);
	put16(&bytes, 4);
	put32(&bytes, 29305); /* the other direction */
	put16(&bytes, 0x8000 | 12232);
	put16(&bytes, 2);
	put32(&bytes, 9);
	put16(&bytes, 4);
	put16(&bytes, 1);
	end_set(&bytes, set);
	set = begin_set(&bytes, 256);
	put32(&bytes, 700);
	put16(&bytes, 0xbeef);
	put8(&bytes, 17);
	end_set(&bytes, set);
	end_message(&bytes);
	(void)read_bytes(exporters, &bytes);
	check_heard(HEAD10("1", "256") "},\"reverseOctetDeltaCount\":700,"
				       "\"9.12232\":\"beef\",\"protocolIdentifier\":17}\n");
	end();
}
END_TEST

/* RFC 6313: semantic 3 (allOf), then the element and its values. */
START_TEST(lists_are_arrays)
{
	static const unsigned fields[][2] = {{291, 65535}, {4, 1}, {0, 0}};

	begin();
	put_head10(&bytes, 1, 7);
	put_template_set(&bytes, 2, 256, fields);
	size_t set = begin_set(&bytes, 256);
	put8(&bytes, 13);
	put8(&bytes, 3);
	put16(&bytes, 12);
	put16(&bytes, 4);
	put32(&bytes, 0x0a000001);
	put32(&bytes, 0x0a000002);
	put8(&bytes, 6);
	put8(&bytes, 6); /* elements without bytes */
	put8(&bytes, 3);
	put16(&bytes, 12);
	put16(&bytes, 0);
	put8(&bytes, 1);
	put8(&bytes, 6);
	end_set(&bytes, set);
	end_message(&bytes);
	(void)read_bytes(exporters, &bytes);
	check_heard(HEAD10("1", "256") "},\"basicList\":[\"10.0.0.1\",\"10.0.0.2\"],"
				       "\"protocolIdentifier\":6}\n" HEAD10(
					       "1", "256") "},\"basicList\":\"03000c000001\","
							   "\"protocolIdentifier\":6}\n");
	end();
}
END_TEST

/* Times in steps of a byte grow most. */
START_TEST(a_record_whose_line_would_be_too_long_is_kept_as_bytes)
{
	static const unsigned fields[][2] = {{291, 65535}, {0, 0}};

	begin();
	put_head10(&bytes, 1, 7);
	put_template_set(&bytes, 2, 256, fields);
	size_t set = begin_set(&bytes, 256);
	put8(&bytes, 255);
	put16(&bytes, 60005);
	put8(&bytes, 3);
	put16(&bytes, 150);
	put16(&bytes, 1);
	for (unsigned i = 0; i < 60000; i++)
		put8(&bytes, i);
	put8(&bytes, 6);
	put8(&bytes, 3);
	put16(&bytes, 4);
	put16(&bytes, 1);
	put8(&bytes, 6);
	end_set(&bytes, set);
	end_message(&bytes);
	(void)read_bytes(exporters, &bytes);
	ck_assert_uint_eq(n_heard, 2);
	ck_assert_ptr_nonnull(
		strstr(strbuf_cstr(&heard), "\"damaged\":\"too many small values\"}"));
	ck_assert_ptr_nonnull(strstr(strbuf_cstr(&heard), "},\"basicList\":[6]}\n"));
	end();
}
END_TEST

static void put_template10(unsigned domain)
{
	put_head10(&bytes, 1, domain);
	put_template_set(&bytes, 2, 256, simple);
}

START_TEST(templates_of_ipfix_are_withdrawn)
{
	static const unsigned ids[] = {256, 2};

	begin();
	for (unsigned i = 0; i < 2; i++) {
		put_template10(7);
		put_simple_data(&bytes, 1, 0);
		size_t set = begin_set(&bytes, 2);
		put16(&bytes, ids[i]);
		put16(&bytes, 0);
		end_set(&bytes, set);
		put_simple_data(&bytes, 2, 0);
		end_message(&bytes);
		(void)read_bytes(exporters, &bytes);
		ck_assert_uint_eq(n_heard, 1 + i); /* the one that waited as well */
	}
	end();
}
END_TEST

START_TEST(numbers_of_ipfix_count_records)
{
	begin();
	put_template10(7);
	put_simple_data(&bytes, 1, 0);
	put_simple_data(&bytes, 2, 0);
	end_message(&bytes);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	put_head10(&bytes, 3, 7);
	put_simple_data(&bytes, 1, 0);
	end_message(&bytes);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 0);
	put_head10(&bytes, 10, 7);
	put_simple_data(&bytes, 1, 0);
	end_message(&bytes);
	ck_assert_int_eq(read_bytes(exporters, &bytes), 6);
	end();
}
END_TEST

/* The options template of RFC 7011 A.4.1 and its records (A.5.1), the template and records of
 * A.2.1 and A.3. */
START_TEST(the_examples_of_the_standard_are_read)
{
	static const char message[] = "\x00\x0a\x00\x98\x69\xab\x94\xb0\x00\x00\x00\x00"
				      "\x00\x00\x00\x07"
				      /* A.2.1 */
				      "\x00\x02\x00\x1c\x01\x00\x00\x05"
				      "\x00\x08\x00\x04\x00\x0c\x00\x04\x00\x0f\x00\x04"
				      "\x00\x02\x00\x04\x00\x01\x00\x04"
				      /* A.3 */
				      "\x01\x00\x00\x40"
				      "\xc0\x00\x02\x0c\xc0\x00\x02\xfe\xc0\x00\x02\x01"
				      "\x00\x00\x13\x91\x00\x51\x8e\x75"
				      "\xc0\x00\x02\x1b\xc0\x00\x02\x17\xc0\x00\x02\x02"
				      "\x00\x00\x02\xf4\x00\x05\x8b\x15"
				      "\xc0\x00\x02\x38\xc0\x00\x02\x41\xc0\x00\x02\x03"
				      "\x00\x00\x00\x05\x00\x00\x1a\x0a"
				      /* A.4.1 */
				      "\x00\x03\x00\x18\x01\x02\x00\x03\x00\x01"
				      "\x00\x8d\x00\x04\x00\x29\x00\x02\x00\x2a\x00\x02"
				      "\x00\x00"
				      /* A.5.1 */
				      "\x01\x02\x00\x14\x00\x00\x00\x01\x01\x59\x28\x01"
				      "\x00\x00\x00\x02\x02\x10\x52\x7b";

	begin();
	(void)read_at(exporters, "192.0.2.1", slice_of(message, sizeof(message) - 1), 1000);
#define A3(from, to, by, packets, octets)                                                      \
	HEAD10("0", "256")                                                                     \
	"},\"sourceIPv4Address\":\"192.0.2." from                                              \
	"\",\"destinationIPv4Address\":\"192.0.2." to                                          \
	"\",\"ipNextHopIPv4Address\":\"192.0.2." by "\",\"packetDeltaCount\":" packets         \
	",\"octetDeltaCount\":" octets "}\n"
#define A5(card, messages, records)                                                            \
	HEAD10("0", "258")                                                                     \
	",\"options\":true},\"lineCardId\":" card ",\"exportedMessageTotalCount\":" messages   \
	",\"exportedFlowRecordTotalCount\":" records "}\n"
	check_heard(A3("12", "254", "1", "5009", "5344885") A3("27", "23", "2", "756", "363285")
			A3("56", "65", "3", "5", "6666") A5("1", "345", "10241")
				A5("2", "528", "21115"));
	end();
}
END_TEST

/* Records and templates of a whole datagram. */
static void put_much(void)
{
	put_head9(&bytes, 1, 7);
	put_simple_template9(&bytes);
	put_simple_data(&bytes, 1, 3);
	put_options9();
	put_simple_data(&bytes, 2, 0);
}

START_TEST(nothing_of_a_cut_one_is_lost)
{
	put_much();
	for (size_t len = 0; len < bytes.n; len++) {
		begin();
		(void)read_at(exporters, "192.0.2.1", slice_of(bytes.at, len), 0);
		exporters_flush(exporters);
		ck_assert(n_heard <= 4);
		end();
	}
}
END_TEST

START_TEST(changed_bytes_do_no_harm)
{
	static const unsigned char changes[] = {0x01, 0x80, 0xff};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		put_much();
		for (size_t at = 0; at < bytes.n; at++) {
			begin();
			bytes.at[at] ^= changes[i];
			(void)read_bytes(exporters, &bytes);
			(void)read_bytes(exporters, &bytes);
			exporters_flush(exporters);
			bytes.at[at] ^= changes[i];
			end();
		}
	}
}
END_TEST

START_TEST(templates_that_make_no_sense_are_refused_and_kept)
{
	static const unsigned no_bytes[][2] = {{1, 1}, {0, 0}};

	begin();
	put_head9(&bytes, 1, 7);
	size_t set = begin_set(&bytes, 0);
	put_template(&bytes, 256, no_bytes);
	bytes.at[bytes.n - 1] = 0; /* its field has no length */
	end_set(&bytes, set);
	(void)read_bytes(exporters, &bytes);
	ck_assert_ptr_nonnull(
		strstr(strbuf_cstr(&heard), "\"damaged\":\"a template makes no sense\"}"));
	put_head9(&bytes, 1, 7);
	put_template_set(&bytes, 0, 255, simple);
	(void)read_bytes(exporters, &bytes);
	ck_assert_uint_eq(n_heard, 1);
	put_head9(&bytes, 1, 7);
	set = begin_set(&bytes, 0);
	put16(&bytes, 256);
	put16(&bytes, 257);
	for (unsigned i = 0; i < 257; i++)
		put32(&bytes, 0x00010001);
	end_set(&bytes, set);
	(void)read_bytes(exporters, &bytes);
	ck_assert_uint_eq(n_heard, 1);
	end();
}
END_TEST

TEST_MAIN("netflow9", records_are_read_by_their_template, data_waits_for_its_template,
	data_whose_template_never_comes_is_kept_as_bytes, a_template_may_change,
	a_template_that_is_not_told_again_is_forgotten, a_restart_forgets_templates,
	options_tell_names_and_sampling, values_of_every_type_have_their_text,
	enterprises_have_elements_of_their_own, lists_are_arrays,
	a_record_whose_line_would_be_too_long_is_kept_as_bytes,
	templates_of_ipfix_are_withdrawn, numbers_of_ipfix_count_records,
	the_examples_of_the_standard_are_read, nothing_of_a_cut_one_is_lost,
	changed_bytes_do_no_harm, templates_that_make_no_sense_are_refused_and_kept)
