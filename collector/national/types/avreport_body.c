#include "collector/national/types/avreport_body.h"

#include <stdio.h>
#include <stdlib.h>

#include "collector/national/mask.h"
#include "collector/national/profile.h"
#include "collector/national/xml.h"
#include "common/clock.h"
#include "common/utf8.h"

enum { FIELD_MAX = 255, PATH_SHOWN_MAX = 1024, SCRATCH_MAX = 64 << 10 };

/* ---- pieces ------------------------------------------------------------------------- */

static void add_element(struct strbuf *out, const char *name, struct slice text)
{
	strbuf_addf(out, "<%s>", name);
	xml_escape(out, text);
	strbuf_addf(out, "</%s>", name);
}

static void add_given(struct strbuf *out, const char *name, struct slice text)
{
	add_element(
		out, name, text.len > 0 ? utf8_head(text, FIELD_MAX) : SLICE_LIT("Unknown"));
}

static void add_number(struct strbuf *out, const char *name, uint64_t number)
{
	strbuf_addf(out, "<%s>%llu</%s>", name, (unsigned long long)number, name);
}

/* ---- the envelope ------------------------------------------------------------------- */

static void add_from(struct strbuf *out, const struct national_profile *profile)
{
	const struct national_sender *sender = &profile->sender;
	const struct {
		const char *name, *text;
		bool left_out;
	} members[] = {
		{"edXML:OrganId", sender->organ_id, false},
		{"edXML:OrganizationInCharge", sender->organization_in_charge,
			profile->malware.shape != MALWARE_EXTENDED ||
				sender->organization_in_charge[0] == '\0'},
		{"edXML:OrganName", sender->organ_name, false},
		{"edXML:OrganAdd", sender->organ_address, false},
		{"edXML:Email", sender->email, false},
		{"edXML:Telephone", sender->telephone, false},
		{"edXML:Fax", sender->fax, false},
		{"edXML:Website", sender->website, false},
	};

	strbuf_add_str(out, "<edXML:From>");
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (!members[i].left_out)
			add_element(out, members[i].name, slice_str(members[i].text));
	}
	strbuf_add_str(out, "</edXML:From>");
}

static void add_subject(struct strbuf *out, int64_t created_ns, int32_t zone_seconds)
{
	struct civil at;

	clock_to_civil(created_ns, zone_seconds, &at);
	strbuf_addf(out,
		"<edXML:Subject>Anti Virus Report on %02u-%02u-%04d %02u:%02u:%02u"
		"</edXML:Subject>",
		at.day, at.month, at.year, at.hour, at.minute, at.second);
}

static void add_header(struct strbuf *out, const struct avreport *report, size_t *at)
{
	int32_t zone_seconds = agencies_province(report->agencies)->zone_seconds;

	strbuf_add_str(out, "<edXML:edXMLHeader><edXML:MessageHeader>");
	add_from(out, report->profile);
	add_subject(out, report->created_ns, zone_seconds);
	strbuf_add_str(out, "</edXML:MessageHeader>");
	*at = out->len;
	strbuf_add_str(out, "</edXML:edXMLHeader>");
}

/* ---- findings ----------------------------------------------------------------------- */

static void add_masked_path(
	struct strbuf *out, const struct national_profile *profile, struct slice path)
{
	struct strbuf masked = STRBUF_INIT(SCRATCH_MAX);

	mask_path(profile, utf8_head(path, PATH_SHOWN_MAX), &masked);
	add_element(out, "PathFile", strbuf_slice(&masked));
	strbuf_done(&masked);
}

static void add_names(struct strbuf *out, const struct statistics_hit *hit)
{
	strbuf_add_str(out, "<MalwareInfo>");
	add_given(out, "MalwareName", hit->name);
	add_given(out, "MalwareType", hit->type);
	add_given(out, "MalwareBehavior", hit->behavior);
}

bool avreport_tells(struct slice body, const struct statistics_hit *hit)
{
	struct strbuf names = STRBUF_INIT(SCRATCH_MAX);

	add_names(&names, hit);
	bool tells = slice_search(body, strbuf_slice(&names)) < body.len;
	strbuf_done(&names);
	return tells;
}

/* `files`: that are written alike but for what the shape leaves out. */
static void add_info(struct strbuf *out, const struct avreport *report,
	const struct statistics_hit *hit, uint64_t files)
{
	const struct national_malware *malware = &report->profile->malware;

	add_names(out, hit);
	if (malware->shape == MALWARE_EXTENDED) {
		add_masked_path(out, report->profile, hit->path);
		add_element(out, "HashFile", hit->hash);
	}
	add_given(out, "TypeOfDevice", slice_str(malware->device));
	add_number(out, "NumberFile", files);
	strbuf_add_str(out, "</MalwareInfo>");
}

/* The name of the host, else "H47.05/42": identifier of its agency and its number there. */
static void add_machine_name(
	struct strbuf *out, const struct avreport *report, const struct statistics_hit *hit)
{
	const struct agency *agency = agencies_find(report->agencies, hit->origin);

	if (hit->machine_name.len > 0) {
		xml_escape(out, hit->machine_name);
		return;
	}
	if (agency != NULL)
		strbuf_add_str(out, agency_attributes_at(agency, hit->at_ns)->identifier);
	else
		strbuf_add_u64(out, hit->origin);
	strbuf_addf(out, "/%u", hit->host);
}

static void add_machine(
	struct strbuf *out, const struct avreport *report, const struct statistics_hit *hit)
{
	const struct national_malware *malware = &report->profile->malware;

	strbuf_add_str(out, "<Machine ip=\"");
	xml_escape(out, hit->address.len > 0 ? hit->address : slice_str(malware->no_address));
	if (malware->shape == MALWARE_EXTENDED) {
		strbuf_add_str(out, "\" ippublic=\"");
		xml_escape(out, hit->public_address);
	}
	strbuf_add_str(out, "\" name=\"");
	add_machine_name(out, report, hit);
	strbuf_add_str(out, "\">");
}

size_t avreport_hit_size(const struct avreport *report, const struct statistics_hit *hit)
{
	struct strbuf scratch = STRBUF_INIT(SCRATCH_MAX);

	add_machine(&scratch, report, hit);
	add_info(&scratch, report, hit, UINT32_MAX);
	strbuf_add_str(&scratch, "</Machine>");
	size_t size = scratch.len;
	strbuf_done(&scratch);
	return size;
}

/* ---- grouping ----------------------------------------------------------------------- */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_slices(struct slice a, struct slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

	return order != 0 ? order : compare_numbers(a.len, b.len);
}

static bool same_machine(const struct statistics_hit *a, const struct statistics_hit *b)
{
	return a->agency == b->agency && a->origin == b->origin && a->host == b->host &&
	       slice_eq(a->machine_name, b->machine_name) && slice_eq(a->address, b->address);
}

/* By its hash, else by its path: unit `file` of the dictionary. */
static bool same_file(const struct statistics_hit *a, const struct statistics_hit *b)
{
	return slice_eq(a->hash, b->hash) && (a->hash.len > 0 || slice_eq(a->path, b->path));
}

/* By machine, then by what is reported of the malware, then by file. */
static int compare_hits(const void *left, const void *right)
{
	const struct statistics_hit *a = left, *b = right;
	const int orders[] = {
		compare_numbers(a->agency, b->agency),
		compare_numbers(a->origin, b->origin),
		compare_numbers(a->host, b->host),
		compare_slices(a->machine_name, b->machine_name),
		compare_slices(a->address, b->address),
		compare_slices(a->name, b->name),
		compare_slices(a->type, b->type),
		compare_slices(a->behavior, b->behavior),
		compare_slices(a->hash, b->hash),
		compare_slices(a->path, b->path),
	};

	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		if (orders[i] != 0)
			return orders[i];
	}
	return compare_numbers(a->number, b->number);
}

/* Would be written alike. */
static bool same_info(const struct avreport *report, const struct statistics_hit *a,
	const struct statistics_hit *b)
{
	if (!same_machine(a, b) || !slice_eq(a->name, b->name) || !slice_eq(a->type, b->type) ||
		!slice_eq(a->behavior, b->behavior))
		return false;
	return report->profile->malware.shape != MALWARE_EXTENDED ||
	       (slice_eq(a->path, b->path) && slice_eq(a->hash, b->hash));
}

/* Writes hits[from] and those behind it that would be written alike; gives the next one. */
static size_t add_alike(struct strbuf *out, const struct avreport *report, size_t from)
{
	const struct statistics_hit *hits = report->hits;
	uint64_t files = hits[from].files;
	size_t i = from + 1;

	for (; i < report->n_hits && same_info(report, &hits[from], &hits[i]); i++) {
		if (!same_file(&hits[i - 1], &hits[i]))
			files += hits[i].files;
	}
	add_info(out, report, &hits[from], files);
	return i;
}

static void add_malware(struct strbuf *out, const struct avreport *report)
{
	const struct statistics_hit *hits = report->hits;

	if (report->n_hits > 0)
		qsort(report->hits, report->n_hits, sizeof(*hits), compare_hits);
	strbuf_add_str(out, "<Malware>");
	for (size_t i = 0; i < report->n_hits;) {
		size_t first = i;

		if (i == 0 || !same_machine(&hits[i], &hits[i - 1]))
			add_machine(out, report, &hits[i]);
		i = add_alike(out, report, i);
		if (i == report->n_hits || !same_machine(&hits[first], &hits[i]))
			strbuf_add_str(out, "</Machine>");
	}
	strbuf_add_str(out, "</Malware>");
}

static void add_report(struct strbuf *out, const struct avreport *report)
{
	strbuf_add_str(out, "<AVReport name=\"");
	xml_escape(out, slice_str(report->profile->malware.product));
	strbuf_add_str(out, "\">");
	add_number(out, "Datetime", (uint64_t)(report->created_ns / CLOCK_NS_PER_S));
	add_malware(out, report);
	strbuf_add_str(out, "<Update>");
	add_number(out, "NumberMachineNotUpdateOn15Day", report->not_updated);
	strbuf_add_str(out, "</Update></AVReport>");
}

void avreport_body(struct avreport *report, struct strbuf *out, size_t *at)
{
	strbuf_add_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			    "<edXMLEnvelope xmlns:edXML=\"");
	xml_escape(out, slice_str(report->profile->xml.namespace));
	strbuf_add_str(out, "\">");
	add_header(out, report, at);
	strbuf_add_str(out, "<edXML:edXMLBody>");
	add_report(out, report);
	strbuf_add_str(out, "</edXML:edXMLBody></edXMLEnvelope>\n");
}
