/* What is no report, or not the one that was signed, is named. */

#include <stdio.h>

#include "collector/national/xml.h"
#include "tests/collector/national/avreport_scene.h"

struct change {
	const char *from, *to, *why;
};

static void replace(struct strbuf *out, struct slice text, const struct change *change)
{
	size_t at = slice_search(text, slice_str(change->from));

	ck_assert_msg(at < text.len, "no '%s'", change->from);
	strbuf_reset(out);
	strbuf_add(out, slice_head(text, at));
	strbuf_add_str(out, change->to);
	strbuf_add(out, slice_from(text, at + strlen(change->from)));
}

typedef bool check_function(struct scene *scene, struct slice body, struct strbuf *report);

static bool check_schema(struct scene *scene, struct slice body, struct strbuf *report)
{
	return message_avreport.check(scene->counted.profile, "r.xml", body, report);
}

static bool check_signature(struct scene *scene, struct slice body, struct strbuf *report)
{
	return message_avreport.verify(
		scene->counted.profile, body, SLICE_NONE, scene->fixture.ca_file, report);
}

static void check_changes(check_function *function, const struct change *changes, size_t n)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX), changed = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	scene_open(&scene);
	scene_add_hits(&scene, 2);
	scene_publish(&scene);
	scene_body(&scene, HITS "1", &body);
	for (size_t i = 0; i < n; i++) {
		struct strbuf report = STRBUF_INIT(TEXT_MAX);

		replace(&changed, strbuf_slice(&body), &changes[i]);
		ck_assert_msg(!function(&scene, strbuf_slice(&changed), &report),
			"'%s' to '%s' was taken", changes[i].from, changes[i].to);
		ck_assert_msg(has(&report, changes[i].why), "'%s' to '%s': %s", changes[i].from,
			changes[i].to, strbuf_cstr(&report));
		strbuf_done(&report);
	}
	strbuf_done(&body);
	strbuf_done(&changed);
	scene_close(&scene);
}

START_TEST(mistakes_of_every_sort_are_named)
{
	static const struct change changes[] = {
		{"<AVReport", "<AvReport", "r.xml:2"},
		{"</MalwareInfo>", "", "no XML"},
		{"<NumberFile>1<", "<NumberFile>-1<", "NumberFile"},
		{"<NumberFile>1</NumberFile>", "", "NumberFile"},
		{"NumberMachineNotUpdateOn15Day>1<", "NumberMachineNotUpdateOn15Day><",
			"NumberMachineNotUpdateOn15Day"},
		{" ip=\"", " Ip=\"", "'ip"},
		{"<edXML:OrganId>H47.02.12", "<edXML:OrganId>h47", "OrganId"},
		{"<edXML:OrganId>H47.02.12",
			"<edXML:OrganId>H47.02.12.02.12.02.12.02.12.02.12.02", "OrganId"},
		{"QCVN_102_2016", "QCVN_102_2017", "edXMLHeader"},
		{"<MalwareInfo>", "<Extra/><MalwareInfo>", "Extra"},
	};

	check_changes(check_schema, changes, ARRAY_LEN(changes));
}
END_TEST

START_TEST(tampered_signatures_are_found)
{
	static const struct change changes[] = {
		{"<NumberFile>1<", "<NumberFile>2<", "changed after it was signed"},
		{"H47.02.12", "H47.02.13", "changed after it was signed"},
		{"<DigestValue>", "<DigestValue>A", "not of this certificate"},
		{"<SignatureValue>", "<SignatureValue>AAAA", "not of this certificate"},
		{"<X509Certificate>MII", "<X509Certificate>MIJ", "certificate"},
		{"#rsa-sha256", "#rsa-sha1", "not RSA with SHA-256"},
		{"xmlenc#sha256", "xmlenc#sha1", "not SHA-256"},
		{"<Reference URI=\"\">", "<Reference URI=\"#x\">", "whole document"},
		{"<Reference URI=\"\">", "<Reference>", "whole document"},
		{"</Reference></SignedInfo>", "</Reference><Reference URI=\"\"/></SignedInfo>",
			"whole document"},
		{"#enveloped-signature", "#base64", "transforms"},
		{"xml-exc-c14n#\"></Transform>", "xml-exc-c14n#\"><P/></Transform>",
			"transforms"},
		{"<edXML:edXMLBody>",
			"<edXML:edXMLBody><Signature "
			"xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>",
			"more than one"},
		{"<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">",
			"<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig\">",
			"no signature"},
	};

	check_changes(check_signature, changes, ARRAY_LEN(changes));
}
END_TEST

START_TEST(blanks_that_mean_nothing_do_not_break_a_signature)
{
	static const struct change change = {" ip=\"", "\n   ip=\"", ""};
	struct strbuf body = STRBUF_INIT(TEXT_MAX), changed = STRBUF_INIT(TEXT_MAX);
	struct scene scene;

	scene_open(&scene);
	scene_add_hits(&scene, 1);
	scene_publish(&scene);
	scene_body(&scene, HITS "1", &body);
	replace(&changed, strbuf_slice(&body), &change);
	scene_check_good(&scene, strbuf_slice(&changed));
	strbuf_done(&body);
	strbuf_done(&changed);
	scene_close(&scene);
}
END_TEST

START_TEST(a_report_of_more_than_a_thousand_findings_is_refused)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX), report = STRBUF_INIT(TEXT_MAX);
	struct counted counted;

	counted_open(&counted, 0);
	for (unsigned n = 1000; n <= 1001; n++) {
		strbuf_reset(&text);
		strbuf_add_str(&text,
			"<AVReport name=\"x\"><Datetime>1795305600</Datetime><Malware>"
			"<Machine ip=\"1\" name=\"x\">");
		for (unsigned i = 0; i < n; i++)
			strbuf_add_str(&text,
				"<MalwareInfo><MalwareName>x</MalwareName><MalwareType>x"
				"</MalwareType><MalwareBehavior>x</MalwareBehavior>"
				"<TypeOfDevice>x</TypeOfDevice><NumberFile>1</NumberFile>"
				"</MalwareInfo>");
		strbuf_add_str(&text, "</Machine></Malware><Update>"
				      "<NumberMachineNotUpdateOn15Day>0"
				      "</NumberMachineNotUpdateOn15Day></Update></AVReport>");
		bool good = message_avreport.check(
			counted.profile, "x", strbuf_slice(&text), &report);
		ck_assert_msg(good == (n == 1000), "%s", strbuf_cstr(&report));
	}
	ck_assert(has(&report, "1001 findings, at most 1000"));
	strbuf_done(&text);
	strbuf_done(&report);
	counted_close(&counted);
}
END_TEST

static void check_hostile(const char *text, const char *why)
{
	struct strbuf report = STRBUF_INIT(TEXT_MAX);
	struct counted counted;

	counted_open(&counted, 0);
	ck_assert(!message_avreport.check(counted.profile, "x", slice_str(text), &report));
	ck_assert_msg(has(&report, why), "'%s' is not in: %s", why, strbuf_cstr(&report));
	ck_assert(!message_avreport.verify(
		counted.profile, slice_str(text), SLICE_NONE, NULL, &report));
	strbuf_done(&report);
	counted_close(&counted);
}

START_TEST(xml_that_attacks_its_reader_is_refused)
{
	struct strbuf text = STRBUF_INIT(TEXT_MAX);

	check_hostile("", "0 bytes");
	check_hostile("{}", "no XML");
	check_hostile("<a>\xff</a>", "not UTF-8");
	check_hostile(
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe9</a>", "not UTF-8");
	check_hostile("<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>",
		"x:1: a document type");
	check_hostile("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "a document type");
	check_hostile("<!DOCTYPE a [<!ENTITY b SYSTEM \"http://127.0.0.1/\">]><a>&b;</a>",
		"a document type");
	check_hostile("<a>&undeclared;</a>", "no XML");
	check_hostile("<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" "
		      "href=\"/etc/passwd\"/>",
		"No match");
	for (unsigned i = 0; i < 100000; i++)
		strbuf_add_str(&text, "<a>");
	check_hostile(strbuf_cstr(&text), "no XML");
	strbuf_reset(&text);
	strbuf_add_str(&text, "<a");
	for (unsigned i = 0; i < 1201; i++)
		strbuf_addf(&text, " b%u='>'", i);
	strbuf_add_str(&text, "/>");
	check_hostile(strbuf_cstr(&text), "too many attributes");
	strbuf_reset(&text);
	strbuf_add_str(&text, "<a>");
	for (unsigned i = 0; i < 257; i++)
		strbuf_addf(&text, "<b xmlns='%u'/>", i);
	check_hostile(strbuf_cstr(&text), "too many namespaces");
	strbuf_reset(&text);
	strbuf_add_str(&text, "<a ");
	while (text.len <= XML_FILE_MAX)
		strbuf_add_byte(&text, 'x');
	check_hostile(strbuf_cstr(&text), "bytes, expected 1 to");
	strbuf_done(&text);
}
END_TEST

START_TEST(a_person_gets_a_list_without_controls)
{
	struct strbuf body = STRBUF_INIT(TEXT_MAX);
	struct scene scene;
	struct err err;
	char *text;
	size_t len;

	scene_open(&scene);
	scene_add_hits(&scene, 2);
	counted_run(&scene.counted, "UPDATE machines SET name = 'a' || char(0x202e) || 'b'");
	scene_publish(&scene);
	scene_body(&scene, HITS "1", &body);
	FILE *out = open_memstream(&text, &len);
	ck_assert(message_avreport.show(strbuf_slice(&body), out, &err));
	fclose(out);
	ck_assert_ptr_nonnull(strstr(text, "EICAR_Test"));
	ck_assert_ptr_nonnull(strstr(text, "Anti Virus Report on 22-11-2026 08:07:30"));
	ck_assert_ptr_null(strstr(text, "\xe2\x80\xae"));
	free(text);
	out = open_memstream(&text, &len);
	ck_assert(!message_avreport.show(SLICE_LIT("{}"), out, &err));
	fclose(out);
	free(text);
	strbuf_done(&body);
	scene_close(&scene);
}
END_TEST

TEST_MAIN("avreport_check", a_report_of_more_than_a_thousand_findings_is_refused,
	mistakes_of_every_sort_are_named, tampered_signatures_are_found,
	blanks_that_mean_nothing_do_not_break_a_signature,
	xml_that_attacks_its_reader_is_refused, a_person_gets_a_list_without_controls)
