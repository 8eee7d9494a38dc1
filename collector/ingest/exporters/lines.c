#include "collector/ingest/exporters/lines.h"

#include "collector/ingest/exporters/values.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/json.h"

static struct counter records =
	COUNTER("ingest.flow_records", "records of exporters that were read");
static struct counter damaged = COUNTER("ingest.flow_damaged",
	"datagrams, sets and records of exporters that could not be read; stored as bytes");

static const char *const version_names[] = {
	[VERSION_NETFLOW5] = "netflow5",
	[VERSION_NETFLOW9] = "netflow9",
	[VERSION_IPFIX] = "ipfix",
	[VERSION_SFLOW5] = "sflow5",
};

static const char *const damages[LINE_DAMAGE_COUNT] = {
	[LINE_VERSION] = "unknown version",
	[LINE_HEAD] = "the head is cut",
	[LINE_SET] = "a set is cut or of no known kind",
	[LINE_TEMPLATE] = "a template makes no sense",
	[LINE_NO_TEMPLATE] = "its template did not come",
	[LINE_RECORD] = "a record is cut",
	[LINE_BEHIND] = "bytes behind the last record",
	[LINE_LONG] = "too many small values",
};

enum { TAIL_MAX = 4096 };

static void put_key(struct strbuf *out, const char *name)
{
	if (out->ptr[out->len - 1] != '{')
		strbuf_add_byte(out, ',');
	strbuf_add_byte(out, '"');
	strbuf_add_str(out, name);
	strbuf_add_str(out, "\":");
}

static void put_u64(struct strbuf *out, const char *name, uint64_t number)
{
	put_key(out, name);
	strbuf_add_u64(out, number);
}

static void put_text(struct strbuf *out, const char *name, struct slice text)
{
	put_key(out, name);
	strbuf_add_byte(out, '"');
	json_escape(out, text);
	strbuf_add_byte(out, '"');
}

static void put_address(struct strbuf *out, const char *name, const struct netaddr *address)
{
	char text[NETADDR_TEXT_MAX];
	const size_t len = netaddr_format(address, text);

	put_text(out, name, slice_of(text, len));
}

static void put_time(struct strbuf *out, const struct export_head *head)
{
	const unsigned n_digits = head->exported_ns % CLOCK_NS_PER_S == 0 ? 0 : 9;
	char text[CLOCK_TEXT_MAX];

	put_text(out, "time", slice_str(clock_format_utc(head->exported_ns, n_digits, text)));
}

static void put_head(const struct export_head *head)
{
	struct strbuf *out = &head->exporters->line;

	strbuf_reset(out);
	strbuf_add_str(out, "{\"flow\":{");
	if (head->versioned)
		put_text(out, "version", slice_str(version_names[head->version]));
	put_address(out, "exporter", &head->exporter);
	if (head->domain == NULL)
		return;
	put_u64(out, "domain", head->number);
	if (head->version == VERSION_SFLOW5)
		put_address(out, "agent", &head->agent);
	put_u64(out, "sequence", head->sequence);
	if (head->version != VERSION_IPFIX)
		put_u64(out, "uptime", head->uptime_ms);
	if (head->exported_ns != CLOCK_NONE)
		put_time(out, head);
	if (head->sampling > 0)
		put_u64(out, "sampling", head->sampling);
}

size_t line_open(const struct export_head *head, uint16_t id, bool is_options)
{
	struct strbuf *out = &head->exporters->line;

	put_head(head);
	if (id != 0)
		put_u64(out, "template", id);
	if (is_options) {
		put_key(out, "options");
		strbuf_add_str(out, "true");
	}
	strbuf_add_byte(out, '}');
	return out->len;
}

size_t line_open_sample(const struct export_head *head, const char *sample)
{
	struct strbuf *out = &head->exporters->line;

	put_head(head);
	put_text(out, "sample", slice_str(sample));
	strbuf_add_byte(out, '}');
	return out->len;
}

void line_begin(struct exporters *exporters, size_t open)
{
	strbuf_cut(&exporters->line, open);
	exporters->line.overflow = false;
}

/* What is behind the members has to find room as well. */
bool line_is_too_long(const struct exporters *exporters)
{
	const struct strbuf *line = &exporters->line;

	return line->overflow || line->limit - line->len < TAIL_MAX;
}

bool lines_are_too_many(const struct exporters *exporters)
{
	return exporters->lines_size > EXPORT_LINES_MAX;
}

void line_member(
	struct exporters *exporters, const struct template_field *field, struct slice value)
{
	strbuf_add_byte(&exporters->line, ',');
	strbuf_add(&exporters->line, field->key);
	value_put(&exporters->line, field->type, value);
}

void line_number(struct exporters *exporters, const char *name, uint64_t number)
{
	put_u64(&exporters->line, name, number);
}

void line_numbers(
	struct exporters *exporters, const char *name, const uint32_t *numbers, unsigned n)
{
	struct strbuf *out = &exporters->line;

	put_key(out, name);
	for (unsigned i = 0; i < n; i++) {
		strbuf_add_byte(out, i == 0 ? '[' : ',');
		strbuf_add_u64(out, numbers[i]);
	}
	strbuf_add_byte(out, ']');
}

void line_text(struct exporters *exporters, const char *name, struct slice text)
{
	put_text(&exporters->line, name, text);
}

void line_element(struct exporters *exporters, uint16_t number, struct slice value)
{
	const struct element *element = element_find(number);

	put_key(&exporters->line, element->name.ptr);
	value_put(&exporters->line, element->type, value);
}

void line_octets(struct exporters *exporters, const char *name, struct slice value)
{
	put_key(&exporters->line, name);
	value_put_hex(&exporters->line, value);
}

static void give(const struct export_head *head)
{
	struct exporters *exporters = head->exporters;

	strbuf_add_byte(&exporters->line, '}');
	exporters->lines_size += exporters->line.len;
	exporters->on_line(exporters->user, &(struct export_line){
						    .exporter = head->exporter,
						    .json = strbuf_slice(&exporters->line),
						    .received_ns = head->received_ns,
					    });
}

static bool is_known(const struct line_known *known)
{
	return !slice_absent(known->ingress) || !slice_absent(known->egress) ||
	       !slice_absent(known->application) || !slice_absent(known->sampling) ||
	       !slice_absent(known->started);
}

static void put_known_text(struct strbuf *out, const char *name, struct slice text)
{
	if (!slice_absent(text))
		put_text(out, name, text);
}

static void put_known(struct strbuf *out, const struct line_known *known)
{
	strbuf_add_str(out, ",\"known\":{");
	put_known_text(out, "ingressInterfaceName", known->ingress);
	put_known_text(out, "egressInterfaceName", known->egress);
	put_known_text(out, "applicationName", known->application);
	if (!slice_absent(known->sampling)) {
		put_key(out, "samplingInterval");
		strbuf_add(out, known->sampling);
	}
	put_known_text(out, "systemInitTimeMilliseconds", known->started);
	strbuf_add_byte(out, '}');
}

void line_end(const struct export_head *head, const struct line_known *known)
{
	counter_add(&records, 1);
	if (is_known(known))
		put_known(&head->exporters->line, known);
	give(head);
}

void line_damaged(
	const struct export_head *head, enum line_damage why, uint16_t id, struct slice bytes)
{
	struct strbuf *out = &head->exporters->line;

	counter_add(&damaged, 1);
	put_head(head);
	if (id != 0)
		put_u64(out, "template", id);
	put_text(out, "damaged", slice_str(damages[why]));
	strbuf_add_byte(out, '}');
	line_octets(head->exporters, "octets", bytes);
	give(head);
}
