/*
 * NetFlow v9 (RFC 3954) and IPFIX (RFC 7011): a head, then sets (v9: FlowSets) of templates,
 * options templates and records.
 *
 *	v9      version 9:2 count:2 sysUpTime:4 UNIX seconds:4 sequence:4 source id:4
 *	IPFIX   version 10:2 length:2 export time:4 sequence:4 observation domain:4
 *	set     id:2 length:2, with these four
 */
#include <stdio.h>
#include <stdlib.h>

#include "collector/ingest/exporters/exporters_inner.h"
#include "collector/ingest/exporters/lines.h"
#include "collector/ingest/exporters/templates.h"
#include "collector/ingest/exporters/values.h"
#include "collector/ingest/exporters/wire.h"
#include "common/clock.h"

enum {
	SET_HEAD = 4,
	SET9_TEMPLATES = 0,
	SET9_OPTIONS = 1,
	SET_TEMPLATES = 2,
	SET_OPTIONS = 3,
	FIELD_SIZE = 4,
	ENTERPRISE_BIT = 0x8000,
	SET_RECORDS_MAX = 8192, /* as many of 8 bytes fill a datagram */
	KEY_SIZE_MAX = 8,       /* bytes of an application's id that are looked at */
};

/* ---- records --------------------------------------------------------------------------- */

/* Numbers of a record that options may have told more about, or tell themselves. */
struct facts {
	struct slice ingress, egress, application_id, sampler;
	struct slice interface_name, application_name, started;
	uint64_t interval, space;
};

static void note(struct facts *facts, const struct template_field *field, struct slice value)
{
	switch (field->number) {
	case IE_INGRESS_INTERFACE:
		facts->ingress = value;
		break;
	case IE_EGRESS_INTERFACE:
		facts->egress = value;
		break;
	case IE_APPLICATION_ID:
		facts->application_id = value;
		break;
	case IE_SAMPLER_ID:
	case IE_SELECTOR_ID:
		facts->sampler = value;
		break;
	case IE_INTERFACE_NAME:
		facts->interface_name = value;
		break;
	case IE_APPLICATION_NAME:
		facts->application_name = value;
		break;
	case IE_SAMPLING_INTERVAL:
	case IE_SAMPLER_RANDOM_INTERVAL:
	case IE_SAMPLING_PACKET_INTERVAL:
		if (value.len <= sizeof(facts->interval))
			facts->interval = wire_number(value);
		break;
	case IE_SAMPLING_PACKET_SPACE:
		if (value.len <= sizeof(facts->space))
			facts->space = wire_number(value);
		break;
	case IE_SYSTEM_INIT_TIME:
		facts->started = value;
		break;
	}
}

static bool is_key(struct slice value)
{
	return !slice_absent(value) && value.len <= KEY_SIZE_MAX;
}

static struct slice without_end(struct slice text)
{
	while (text.len > 0 && text.ptr[text.len - 1] == '\0')
		text.len--;
	return text;
}

static void tell(const struct export_head *head, enum told_kind kind, struct slice key,
	struct slice name)
{
	name = slice_absent(name) ? name : without_end(name);
	if (is_key(key) && name.len > 0)
		export_domain_tell(head, kind, wire_number(key), name);
}

/* One of (interval + space) / interval packets: RFC 5477 8.2. A rate without a space stands
 * for 1 of so many (v9). */
static void tell_sampling(const struct export_head *head, const struct facts *facts)
{
	const uint64_t key = is_key(facts->sampler) ? wire_number(facts->sampler) : 0;
	uint64_t interval = facts->interval;
	char text[24];

	if (facts->space > 0 && interval > 0 && facts->space <= UINT64_MAX - interval)
		interval = (interval + facts->space) / interval;
	if (interval == 0)
		return;
	const int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)interval);
	export_domain_tell(head, TOLD_SAMPLING, key, slice_of(text, (size_t)len));
}

static void tell_start(const struct export_head *head, struct slice value)
{
	struct strbuf text = STRBUF_INIT(CLOCK_TEXT_MAX);

	value_put(&text, ELEMENT_MILLISECONDS, value);
	if (text.len > 2 && text.ptr[0] == '"')
		export_domain_tell(head, TOLD_STARTED, 0, slice_of(text.ptr + 1, text.len - 2));
	strbuf_done(&text);
}

static void tell_options(const struct export_head *head, const struct facts *facts)
{
	const struct slice interface = is_key(facts->ingress) ? facts->ingress : facts->egress;

	tell(head, TOLD_INTERFACE, interface, facts->interface_name);
	tell(head, TOLD_APPLICATION, facts->application_id, facts->application_name);
	tell_sampling(head, facts);
	if (!slice_absent(facts->started))
		tell_start(head, facts->started);
}

static struct slice ask(const struct told *told, enum told_kind kind, struct slice key)
{
	return is_key(key) ? told_get(told, kind, wire_number(key)) : SLICE_NONE;
}

static struct line_known known_of(const struct told *told, const struct facts *facts)
{
	struct line_known known = {
		.ingress = ask(told, TOLD_INTERFACE, facts->ingress),
		.egress = ask(told, TOLD_INTERFACE, facts->egress),
		.sampling = ask(told, TOLD_SAMPLING, facts->sampler),
	};

	if (told->n == 0)
		return known;
	if (slice_absent(facts->application_name))
		known.application = ask(told, TOLD_APPLICATION, facts->application_id);
	if (slice_absent(known.sampling) && facts->interval == 0)
		known.sampling = told_get(told, TOLD_SAMPLING, 0);
	if (slice_absent(facts->started))
		known.started = told_get(told, TOLD_STARTED, 0);
	return known;
}

/* RFC 7011 7. */
static bool take_value(struct slice *rest, uint16_t len, struct slice *value)
{
	uint8_t small;

	if (len == FIELD_VARIABLE) {
		if (!wire_u8(rest, &small))
			return false;
		len = small;
		if (small == UINT8_MAX && !wire_u16(rest, &len))
			return false;
	}
	return wire_take(rest, len, value);
}

/* False when it is cut; *rest has moved anywhere then. */
static bool read_record(const struct export_head *head, const struct export_template *template,
	struct slice *rest, struct facts *facts)
{
	struct slice value;

	for (unsigned i = 0; i < template->n_fields; i++) {
		const struct template_field *field = &template->fields[i];

		if (!take_value(rest, field->len, &value))
			return false;
		if (field->number == IE_PADDING && field->enterprise == 0)
			continue;
		line_member(head->exporters, field, value);
		if (field->enterprise == 0)
			note(facts, field, value);
	}
	return true;
}

/* RFC 7011 3.3.1: it is shorter than a record, and should be zero. */
static bool is_padding(struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.ptr[i] != 0)
			return false;
	}
	return true;
}

/* Why bytes are left behind so many records. */
static enum line_damage why_left(const struct export_head *head, unsigned n)
{
	return n == SET_RECORDS_MAX || lines_are_too_many(head->exporters) ? LINE_LONG
									   : LINE_RECORD;
}

unsigned records_read(const struct export_head *head, const struct export_template *template,
	struct slice bytes)
{
	const struct told *told = &head->domain->told;
	size_t open = line_open(head, template->id, template->is_options);
	unsigned n = 0;

	while (n < SET_RECORDS_MAX && bytes.len >= template->len_min &&
		!lines_are_too_many(head->exporters)) {
		struct facts facts = {0};
		struct slice rest = bytes;

		line_begin(head->exporters, open);
		if (!read_record(head, template, &rest, &facts))
			break;
		if (template->is_options)
			tell_options(head, &facts);
		const struct line_known known =
			template->is_options ? (struct line_known){0} : known_of(told, &facts);
		if (line_is_too_long(head->exporters)) {
			line_damaged(head, LINE_LONG, template->id,
				slice_head(bytes, bytes.len - rest.len));
			open = line_open(head, template->id, template->is_options);
		} else {
			line_end(head, &known);
		}
		bytes = rest;
		n++;
	}
	if (bytes.len >= template->len_min || !is_padding(bytes))
		line_damaged(head, why_left(head, n), template->id, bytes);
	return n;
}

/* ---- templates -----------------------------------------------------------------------------
 */

static bool read_field(
	enum export_version version, struct slice *rest, struct told_field *field)
{
	*field = (struct told_field){0};
	if (!wire_u16(rest, &field->number) || !wire_u16(rest, &field->len))
		return false;
	if (version != VERSION_IPFIX || (field->number & ENTERPRISE_BIT) == 0)
		return true;
	field->number = (uint16_t)(field->number & ~ENTERPRISE_BIT);
	return wire_u32(rest, &field->enterprise);
}

/* What stands before the fields of a template. */
struct announcement {
	uint16_t id;
	unsigned n, n_scopes;
	bool is_options;
};

/* v9 tells the numbers of scopes in its own way. Exporters tell fields of no bytes (Juniper, as
 * scopes): they say nothing, and cost the sender nothing, so that no record has them. */
static bool read_template(const struct export_head *head,
	const struct announcement *announcement, struct slice *rest)
{
	const bool is_v9 = head->version == VERSION_NETFLOW9;
	struct told_field fields[TEMPLATE_FIELDS_MAX];
	struct export_template *template;
	unsigned n = 0;

	if (announcement->n > TEMPLATE_FIELDS_MAX || announcement->id < TEMPLATE_ID_MIN)
		return false;
	for (unsigned i = 0; i < announcement->n; i++) {
		if (!read_field(head->version, rest, &fields[n]))
			return false;
		fields[n].is_scope9 = is_v9 && i < announcement->n_scopes;
		if (is_v9 && fields[n].len == FIELD_VARIABLE)
			return false; /* v9 has none */
		n += fields[n].len > 0;
	}
	template = template_new(head->version, fields, n);
	if (template == NULL)
		return false;
	template->id = announcement->id;
	template->is_options = announcement->is_options;
	templates_put(head, template);
	held_read(head, template);
	return true;
}

/* RFC 7011 8.1: a template of no fields is one no more, that of the set's number all. */
static bool withdraw(const struct export_head *head, uint16_t id, bool is_options)
{
	if (head->version != VERSION_IPFIX)
		return false;
	if (id == (is_options ? SET_OPTIONS : SET_TEMPLATES))
		templates_withdraw_all(head, is_options);
	else
		templates_withdraw(head, id);
	return true;
}

/* Behind the number: how many fields, and how many of them are scopes. */
static bool read_announcement(
	enum export_version version, struct slice *rest, struct announcement *announcement)
{
	uint16_t first, second = 0;

	if (!wire_u16(rest, &first))
		return false;
	announcement->n = first;
	if (!announcement->is_options || (version == VERSION_IPFIX && first == 0))
		return true;
	if (!wire_u16(rest, &second))
		return false;
	announcement->n_scopes = second;
	if (version == VERSION_IPFIX)
		return second <= first;
	announcement->n_scopes = first / FIELD_SIZE; /* bytes of both: RFC 3954 6.1 */
	announcement->n = announcement->n_scopes + second / FIELD_SIZE;
	return first % FIELD_SIZE == 0 && second % FIELD_SIZE == 0;
}

static void read_templates(const struct export_head *head, struct slice bytes, bool is_options)
{
	struct slice rest = bytes;
	bool good = true;

	while (good && rest.len >= FIELD_SIZE && !is_padding(rest)) {
		struct announcement announcement = {.is_options = is_options};

		bytes = rest;
		good = wire_u16(&rest, &announcement.id) &&
		       read_announcement(head->version, &rest, &announcement);
		if (good && announcement.n == 0)
			good = withdraw(head, announcement.id, is_options);
		else if (good)
			good = read_template(head, &announcement, &rest);
	}
	if (!good)
		line_damaged(head, LINE_TEMPLATE, 0, bytes);
}

/* ---- sets ----------------------------------------------------------------------------------
 */

/* What sets held: records, and whether that is all that are in them. */
struct contents {
	uint32_t n_records;
	bool known;
};

static void read_data(const struct export_head *head, uint16_t id, struct slice bytes,
	struct contents *contents)
{
	const struct export_template *template = templates_find(head, id);

	if (template != NULL) {
		contents->n_records += records_read(head, template, bytes);
		return;
	}
	contents->known = false;
	held_put(head, id, bytes);
}

static bool read_set(const struct export_head *head, uint16_t id, struct slice bytes,
	struct contents *contents)
{
	const bool is_v9 = head->version == VERSION_NETFLOW9;

	if (id == (is_v9 ? SET9_TEMPLATES : SET_TEMPLATES))
		read_templates(head, bytes, false);
	else if (id == (is_v9 ? SET9_OPTIONS : SET_OPTIONS))
		read_templates(head, bytes, true);
	else if (id >= TEMPLATE_ID_MIN)
		read_data(head, id, bytes, contents);
	else
		return false;
	return true;
}

static struct contents read_sets(const struct export_head *head, struct slice rest)
{
	struct contents contents = {.known = true};

	while (rest.len > 0) {
		struct slice whole = rest, body;
		uint16_t id, len;

		if (lines_are_too_many(head->exporters)) {
			line_damaged(head, LINE_LONG, 0, whole);
			contents.known = false;
			break;
		}
		if (!wire_u16(&rest, &id) || !wire_u16(&rest, &len) || len < SET_HEAD ||
			!wire_take(&rest, len - (size_t)SET_HEAD, &body)) {
			if (!is_padding(whole))
				line_damaged(head, LINE_SET, 0, whole);
			contents.known = false;
			break;
		}
		if (!read_set(head, id, body, &contents))
			line_damaged(head, LINE_SET, id, body);
	}
	return contents;
}

/* ---- datagrams
 * ------------------------------------------------------------------------------- */

static bool read_head9(struct export_head *head, struct slice *rest)
{
	uint16_t version, count;
	uint32_t seconds, source;

	/* The count is of records, but of FlowSets with some; nothing depends on it. */
	if (!wire_u16(rest, &version) || !wire_u16(rest, &count) ||
		!wire_u32(rest, &head->uptime_ms) || !wire_u32(rest, &seconds) ||
		!wire_u32(rest, &head->sequence) || !wire_u32(rest, &source))
		return false;
	head->number = source;
	head->exported_ns = seconds * CLOCK_NS_PER_S;
	return true;
}

int64_t netflow9_read(struct export_head *head, struct slice bytes)
{
	struct slice rest = bytes;

	head->version = VERSION_NETFLOW9;
	head->versioned = true;
	if (!read_head9(head, &rest)) {
		line_damaged(head, LINE_HEAD, 0, bytes);
		return 0;
	}
	head->domain = exporters_domain(head->exporters, head);
	export_domain_uptime(head->exporters, head->domain, head->uptime_ms);
	(void)read_sets(head, rest);
	return export_domain_count(head->domain, head->sequence, 1, true);
}

static bool read_head10(struct export_head *head, struct slice *rest, uint16_t *len)
{
	uint32_t seconds, domain;
	uint16_t version;

	if (!wire_u16(rest, &version) || !wire_u16(rest, len) || !wire_u32(rest, &seconds) ||
		!wire_u32(rest, &head->sequence) || !wire_u32(rest, &domain))
		return false;
	head->number = domain;
	head->exported_ns = seconds * CLOCK_NS_PER_S;
	return true;
}

int64_t ipfix_read(struct export_head *head, struct slice bytes)
{
	struct slice rest = bytes, behind = SLICE_NONE;
	uint16_t len;

	head->version = VERSION_IPFIX;
	head->versioned = true;
	if (!read_head10(head, &rest, &len) || len < bytes.len - rest.len) {
		line_damaged(head, LINE_HEAD, 0, bytes);
		return 0;
	}
	head->domain = exporters_domain(head->exporters, head);
	if (len < bytes.len) {
		behind = slice_from(bytes, len);
		rest.len -= behind.len;
	}
	const struct contents contents = read_sets(head, rest);
	if (behind.len > 0)
		line_damaged(head, LINE_BEHIND, 0, behind);
	return export_domain_count(head->domain, head->sequence, contents.n_records,
		contents.known && len <= bytes.len);
}
