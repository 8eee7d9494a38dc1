/* avreport - M1: malware found, as AVReport in a signed edXML envelope */

#include "collector/national/profile.h"
#include "collector/national/types/avreport_body.h"
#include "collector/national/types/types.h"
#include "collector/national/xml.h"
#include "collector/national/xmldsig.h"
#include "common/arena.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"

#define AVREPORT_SCHEMA    "edxml-avreport/1"
#define STANDARD_NAMESPACE "http://www.mic.gov.vn/TBT/QCVN_102_2016"
#define MARK_HIT           SLICE_LIT("malware.hit")    /* the last one reported */
#define MARK_REPORT        SLICE_LIT("malware.report") /* when, in seconds since 1970 */

enum {
	SIGN_TIMEOUT_MS = 2000,
	REPORTS_AT_ONCE = 8, /* in one transaction; the rest comes with the next */
	TEXTS_MAX = 32 << 20,
	KEY_MAX = 160,
};

static struct counter unsigned_reports = COUNTER("national.unsigned",
	"times a malware report waited because the signer gave no signature");

/* ---- gathering -------------------------------------------------------------------- */

struct gathering {
	struct avreport report;
	struct arena texts;
	uint64_t after, last; /* numbers of hits: reported before, gathered now */
	size_t size;
	bool full;
};

static struct slice keep(struct gathering *gathering, struct slice text)
{
	struct slice kept = arena_copy(&gathering->texts, text);

	if (slice_absent(kept))
		gathering->full = true;
	return kept;
}

static void keep_hit(struct gathering *gathering, const struct statistics_hit *hit)
{
	struct statistics_hit kept = *hit;

	kept.name = keep(gathering, hit->name);
	kept.type = keep(gathering, hit->type);
	kept.behavior = keep(gathering, hit->behavior);
	kept.path = keep(gathering, hit->path);
	kept.sha256 = keep(gathering, hit->sha256);
	kept.host_name = keep(gathering, hit->host_name);
	kept.host_ip = keep(gathering, hit->host_ip);
	if (gathering->full && gathering->report.n_hits > 0)
		return;
	gathering->report.hits[gathering->report.n_hits++] = kept;
	gathering->last = hit->number;
}

/* A report that is full takes no more, and never a later one: order is kept. */
static bool gather(void *user, const struct statistics_hit *hit)
{
	struct gathering *gathering = user;
	size_t size = avreport_hit_size(&gathering->report, hit);

	if (gathering->report.n_hits > 0 &&
		gathering->size + size > gathering->report.profile->malware.report_size)
		gathering->full = true;
	if (!gathering->full) {
		gathering->size += size;
		keep_hit(gathering, hit);
	}
	return true;
}

static bool add_stale(void *user, const struct statistics_quality *quality)
{
	struct gathering *gathering = user;

	gathering->report.not_updated += quality->agents_stale;
	return true;
}

/* ---- publishing ------------------------------------------------------------------- */

struct publishing {
	const struct message_context *context;
	struct statistics *statistics;
	struct outbox *outbox;
	struct err *err;
	uint64_t hit, report_s; /* the marks */
	bool waits;             /* nothing more can be done now */
};

static uint64_t seconds(int64_t ns)
{
	return ns > 0 ? (uint64_t)(ns / CLOCK_NS_PER_S) : 0;
}

/* Since the last report; for ever when there was none, or the clock went back. */
static uint64_t since_report_ms(const struct publishing *publishing)
{
	uint64_t now_s = seconds(publishing->context->now_ns);

	if (publishing->report_s == 0 || now_s < publishing->report_s)
		return UINT64_MAX;
	return (now_s - publishing->report_s) * 1000;
}

/* "H47/H47.02.12/malware/hits/4711", the number of the first finding; a report without any:
 * "H47/H47.02.12/malware/none/2026-11-22T01:00:00Z". */
static void add_key(const struct publishing *publishing, bool is_empty, struct strbuf *key)
{
	const struct message_context *context = publishing->context;
	char text[CLOCK_TEXT_MAX];

	strbuf_addf(key, "%s/%s/malware/", agencies_province(context->agencies)->code,
		context->profile->sender.organ_id);
	if (is_empty)
		strbuf_addf(key, "none/%s", clock_format_utc(context->now_ns, 0, text));
	else
		strbuf_addf(key, "hits/%llu", (unsigned long long)publishing->hit + 1);
}

static bool put(struct publishing *publishing, struct slice body, bool is_empty)
{
	const struct message_context *context = publishing->context;
	struct strbuf key = STRBUF_INIT(KEY_MAX);
	char uuid[MESSAGE_UUID_MAX];

	add_key(publishing, is_empty, &key);
	const struct outbox_message message = {
		.type = SLICE_LIT("malware"),
		.key = strbuf_slice(&key),
		.revision = context->position,
		.schema = SLICE_LIT(AVREPORT_SCHEMA),
		.content_type = SLICE_LIT("text/xml; charset=utf-8"),
		.message_id =
			slice_str(message_uuid(strbuf_slice(&key), context->position, uuid)),
		.body = body,
		.created_ns = context->now_ns,
	};
	bool done = outbox_put(publishing->outbox, &message, publishing->err);
	strbuf_done(&key);
	return done;
}

static bool move_marks(struct publishing *publishing, uint64_t hit)
{
	publishing->hit = hit;
	publishing->report_s = seconds(publishing->context->now_ns);
	return outbox_set_mark(publishing->outbox, MARK_HIT, hit, publishing->err) &&
	       outbox_set_mark(
		       publishing->outbox, MARK_REPORT, publishing->report_s, publishing->err);
}

/* Without a signature the report waits, and nobody else does: its marks do not move. */
static bool sign(
	struct publishing *publishing, struct slice text, size_t at, struct strbuf *out)
{
	const struct message_context *context = publishing->context;
	struct err err;

	if (xmldsig_sign(context->signer, &context->profile->xml, text, at, SIGN_TIMEOUT_MS,
		    out, &err))
		return true;
	counter_add(&unsigned_reports, 1);
	log_warn("national.unsigned", "type=avreport reason=%s, it waits",
		LOG_TEXT(slice_str(err.text)));
	publishing->waits = true;
	return false;
}

static bool publish_report(struct publishing *publishing, struct gathering *gathering)
{
	struct strbuf text = STRBUF_INIT(XML_FILE_MAX), body = STRBUF_INIT(XML_FILE_MAX);
	bool is_empty = gathering->report.n_hits == 0, done = true;
	size_t at;

	avreport_body(&gathering->report, &text, &at);
	if (text.overflow)
		done = err_set(
			publishing->err, "a malware report passes %d bytes", XML_FILE_MAX);
	else if (sign(publishing, strbuf_slice(&text), at, &body))
		done = put(publishing, strbuf_slice(&body), is_empty) &&
		       move_marks(publishing, gathering->last);
	strbuf_done(&text);
	strbuf_done(&body);
	return done;
}

static bool is_due(const struct publishing *publishing, bool has_hits)
{
	const struct national_malware *malware = &publishing->context->profile->malware;
	uint64_t since_ms = since_report_ms(publishing);

	return since_ms >= malware->period_ms || (has_hits && since_ms >= malware->gather_ms);
}

static bool fill(struct publishing *publishing, struct gathering *gathering)
{
	const struct message_context *context = publishing->context;
	struct window today = window_at(WINDOW_DAY, context->now_ns,
		agencies_province(context->agencies)->zone_seconds);

	return statistics_hits(publishing->statistics, publishing->hit,
		       context->profile->malware.batch, gather, gathering, publishing->err) &&
	       statistics_quality(
		       publishing->statistics, &today, add_stale, gathering, publishing->err);
}

static void start_gathering(const struct publishing *publishing, struct gathering *gathering)
{
	const struct message_context *context = publishing->context;
	size_t room = context->profile->malware.batch * sizeof(struct statistics_hit);

	arena_init(&gathering->texts, TEXTS_MAX);
	gathering->report = (struct avreport){
		.profile = context->profile,
		.agencies = context->agencies,
		.created_ns = context->now_ns,
		.hits = arena_alloc(&gathering->texts, room),
	};
}

/* `more`: this report was full, another one follows at once. */
static bool publish_next(struct publishing *publishing, bool *more)
{
	struct gathering gathering = {.last = publishing->hit};
	bool done, follows = *more;

	*more = false;
	start_gathering(publishing, &gathering);
	done = fill(publishing, &gathering);
	bool has_hits = gathering.report.n_hits > 0;
	bool is_full = gathering.full ||
		       gathering.report.n_hits == publishing->context->profile->malware.batch;

	if (done && (follows ? has_hits : is_due(publishing, has_hits))) {
		done = publish_report(publishing, &gathering);
		*more = done && is_full && !publishing->waits;
	}
	arena_done(&gathering.texts);
	return done;
}

static bool publish(const struct message_context *context, struct statistics *statistics,
	struct outbox *outbox, struct err *err)
{
	struct publishing publishing = {
		.context = context, .statistics = statistics, .outbox = outbox, .err = err};
	bool more = false;

	if (context->signer == NULL)
		return true;
	if (!outbox_get_mark(outbox, MARK_HIT, &publishing.hit, err) ||
		!outbox_get_mark(outbox, MARK_REPORT, &publishing.report_s, err))
		return false;
	for (unsigned i = 0; i < REPORTS_AT_ONCE; i++) {
		if (!publish_next(&publishing, &more))
			return false;
		if (!more)
			break;
	}
	return true;
}

/* ---- checking --------------------------------------------------------------------- */

/* The schema knows the standard's namespace; a receiver's own spelling is taken for it. */
static void take_namespace(xmlNode *root, const char *spelling)
{
	for (xmlNs *ns = root->nsDef; ns != NULL; ns = ns->next) {
		if (ns->href != NULL && strcmp((const char *)ns->href, spelling) == 0) {
			xmlFree((xmlChar *)(uintptr_t)ns->href);
			ns->href = xmlStrdup((const xmlChar *)STANDARD_NAMESPACE);
		}
	}
}

static const xmlNode *find_report(xmlDoc *doc)
{
	xmlNode *root = xmlDocGetRootElement(doc);

	if (xml_is(root, "AVReport", NULL))
		return root;
	return xml_child(xml_child(root, "edXMLBody", STANDARD_NAMESPACE), "AVReport", NULL);
}

static void check_items(xmlDoc *doc, struct mistakes *mistakes)
{
	const xmlNode *malware = xml_child(find_report(doc), "Malware", NULL);
	xmlNode *machine = malware != NULL ? xml_element(malware->children) : NULL;
	size_t n = 0;

	for (; machine != NULL; machine = xml_element(machine->next))
		n += xmlChildElementCount(machine);
	if (n > AVREPORT_ITEMS_MAX)
		mistake_add(mistakes, (struct pos){0}, "%zu findings, at most %d in one report",
			n, AVREPORT_ITEMS_MAX);
}

static bool check(const struct national_profile *profile, const char *name, struct slice body,
	struct strbuf *out)
{
	struct mistakes mistakes = mistakes_into(out, name);
	xmlDoc *doc = xml_read(body, &mistakes);

	if (doc != NULL) {
		take_namespace(xmlDocGetRootElement(doc), profile->xml.namespace);
		if (xml_fits(profile, "avreport.xsd", doc, &mistakes))
			check_items(doc, &mistakes);
	}
	xmlFreeDoc(doc);
	return mistakes_end(&mistakes);
}

static bool verify(const struct national_profile *profile, struct slice body,
	struct slice detached, const char *ca_file, struct strbuf *report)
{
	struct mistakes mistakes = mistakes_into(report, "message");

	if (!slice_absent(detached)) {
		strbuf_add_str(
			report, "a malware report has its signature inside, --jws is none\n");
		return false;
	}
	xmlDoc *doc = xml_read(body, &mistakes);
	bool right = doc != NULL && xmldsig_verify(&profile->xml, doc, ca_file, report);

	xmlFreeDoc(doc);
	return right;
}

const struct message_type message_avreport = {
	.name = "avreport",
	.topic = "malware",
	.summary = "malware found on machines, as AVReport in edXML (M1)",
	.source = "Công văn 2290/BTTTT-CATTT; QCVN 102:2016/BTTTT; Công văn 8676/A05-TT4",
	.schema = AVREPORT_SCHEMA,
	.publish = publish,
	.check = check,
	.verify = verify,
	.show = avreport_show,
};
