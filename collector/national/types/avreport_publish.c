/* avreport_publish - what was found becomes malware reports (M1), none twice and none lost */

#include "collector/national/profile.h"
#include "collector/national/types/avreport_body.h"
#include "collector/national/types/types.h"
#include "collector/national/xml.h"
#include "collector/national/xmldsig.h"
#include "common/arena.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"

#define MARK_HIT    SLICE_LIT(STATISTICS_REPORTED)
#define MARK_REPORT SLICE_LIT("malware.report") /* when, in seconds since 1970 */

enum {
	SIGN_TIMEOUT_MS = 2000,
	REPORTS_AT_ONCE = 8, /* in one transaction; the rest comes with the next */
	TRIES_AT_ONCE = 32,  /* enough to halve the largest report down to one finding, twice */
	TEXTS_MAX = 32 << 20,
	KEY_MAX = 160,
};

static struct counter unsigned_reports = COUNTER("national.unsigned",
	"times a malware report waited because the signer gave no signature");
static struct counter unreportable = COUNTER("national.unreportable",
	"malware findings left out because no report with them can be signed");

/* ---- gathering -------------------------------------------------------------------- */

struct gathering {
	struct avreport report;
	struct arena texts;
	size_t n;      /* hits gathered; those that are written alike become one */
	uint64_t last; /* number of the last one, or of the last reported before */
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
	kept.hash = keep(gathering, hit->hash);
	kept.machine_name = keep(gathering, hit->machine_name);
	kept.address = keep(gathering, hit->address);
	kept.public_address = keep(gathering, hit->public_address);
	if (gathering->full && gathering->n > 0)
		return;
	gathering->report.hits[gathering->n++] = kept;
	gathering->report.n_hits = gathering->n;
	gathering->last = hit->number;
}

/* A report that is full takes no more, and never a later one: order is kept. */
static bool gather(void *user, const struct statistics_hit *hit)
{
	struct gathering *gathering = user;
	size_t size = avreport_hit_size(&gathering->report, hit);

	if (gathering->n > 0 &&
		gathering->size + size > gathering->report.profile->malware.report_size)
		gathering->full = true;
	if (!gathering->full) {
		gathering->size += size;
		keep_hit(gathering, hit);
	}
	return true;
}

/* ---- one report ------------------------------------------------------------------- */

struct publishing {
	const struct message_context *context;
	struct statistics *statistics;
	struct outbox *outbox;
	struct err *err;
	uint64_t hit, report_s; /* the marks */
	uint32_t most;          /* findings in the next report */
	bool follows;           /* it goes on where the one before was full */
};

enum published {
	PUBLISHED_FULL, /* and there may be more */
	PUBLISHED_ALL,
	PUBLISHED_WAITS,   /* for the signer, or for somebody to mend the profile */
	PUBLISHED_SMALLER, /* not yet: half as much is tried next */
	PUBLISHED_FAILED,  /* err is set */
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

static bool move_mark(struct publishing *publishing, uint64_t hit)
{
	publishing->hit = hit;
	return outbox_set_mark(publishing->outbox, MARK_HIT, hit, publishing->err);
}

static bool note_report(struct publishing *publishing)
{
	publishing->report_s = seconds(publishing->context->now_ns);
	return outbox_set_mark(
		publishing->outbox, MARK_REPORT, publishing->report_s, publishing->err);
}

/* The report as it is sent, appended. */
static enum xmldsig_outcome make(struct publishing *publishing, struct avreport *report,
	struct strbuf *body, struct err *why)
{
	const struct message_context *context = publishing->context;
	struct strbuf text = STRBUF_INIT(XML_FILE_MAX);
	enum xmldsig_outcome outcome = XMLDSIG_SPOILED;
	size_t at;

	avreport_body(report, &text, &at);
	if (text.overflow)
		err_set(why, "it passes %d bytes", XML_FILE_MAX);
	else
		outcome = xmldsig_sign(context->signer, &context->profile->xml,
			strbuf_slice(&text), at, SIGN_TIMEOUT_MS, body, why);
	strbuf_done(&text);
	return outcome;
}

/* Is it the findings that spoil a report, and not the profile or the signer? */
static bool is_good_without_hits(struct publishing *publishing, const struct avreport *report)
{
	struct strbuf body = STRBUF_INIT(XML_FILE_MAX);
	struct avreport empty = *report;
	struct err why;

	empty.n_hits = 0;
	bool good = make(publishing, &empty, &body, &why) == XMLDSIG_SIGNED;
	strbuf_done(&body);
	return good;
}

/* Without a signature reports wait, and nobody else does: the marks do not move. */
static enum published wait_for_signer(const struct err *why)
{
	counter_add(&unsigned_reports, 1);
	log_warn("national.unsigned", "type=avreport reason=%s, it waits",
		LOG_TEXT(slice_str(why->text)));
	return PUBLISHED_WAITS;
}

static bool leave_out(struct publishing *publishing, uint64_t hit, const struct err *why)
{
	uint64_t n;

	counter_add(&unreportable, 1);
	log_error("national.unreportable", "type=avreport finding=%llu reason=%s",
		(unsigned long long)hit, LOG_TEXT(slice_str(why->text)));
	return outbox_get_mark(
		       publishing->outbox, MESSAGE_MARK_LEFT_OUT, &n, publishing->err) &&
	       outbox_set_mark(
		       publishing->outbox, MESSAGE_MARK_LEFT_OUT, n + 1, publishing->err) &&
	       move_mark(publishing, hit);
}

/* One finding must not hold up the others: half of them is tried, and the one that is left in
 * the end is left out. */
static enum published make_smaller(
	struct publishing *publishing, const struct gathering *gathering, const struct err *why)
{
	publishing->follows = true;
	publishing->most = (uint32_t)gathering->n / 2;
	if (publishing->most > 0)
		return PUBLISHED_SMALLER;
	publishing->most = publishing->context->profile->malware.batch;
	return leave_out(publishing, gathering->last, why) ? PUBLISHED_SMALLER
							   : PUBLISHED_FAILED;
}

static enum published publish_report(
	struct publishing *publishing, struct gathering *gathering, bool is_full)
{
	struct strbuf body = STRBUF_INIT(XML_FILE_MAX);
	enum published result = PUBLISHED_FAILED;
	bool is_empty = gathering->n == 0;
	struct err why;

	switch (make(publishing, &gathering->report, &body, &why)) {
	case XMLDSIG_SIGNED:
		if (put(publishing, strbuf_slice(&body), is_empty) &&
			move_mark(publishing, gathering->last) && note_report(publishing))
			result = is_full ? PUBLISHED_FULL : PUBLISHED_ALL;
		break;
	case XMLDSIG_NO_SIGNER:
		result = wait_for_signer(&why);
		break;
	case XMLDSIG_SPOILED:
		if (is_empty || !is_good_without_hits(publishing, &gathering->report))
			result = wait_for_signer(&why);
		else
			result = make_smaller(publishing, gathering, &why);
		break;
	}
	strbuf_done(&body);
	return result;
}

static bool is_due(const struct publishing *publishing, bool has_hits)
{
	const struct national_malware *malware = &publishing->context->profile->malware;
	uint64_t since_ms = since_report_ms(publishing);

	if (publishing->follows)
		return has_hits;
	return since_ms >= malware->period_ms || (has_hits && since_ms >= malware->gather_ms);
}

static bool fill(struct publishing *publishing, struct gathering *gathering)
{
	const int64_t days15_ns = INT64_C(15) * 86400 * CLOCK_NS_PER_S;

	return statistics_hits(publishing->statistics, publishing->hit, publishing->most,
		       gather, gathering, publishing->err) &&
	       statistics_machines_not_updated(publishing->statistics,
		       publishing->context->now_ns - days15_ns, &gathering->report.not_updated,
		       publishing->err);
}

static void start_gathering(const struct publishing *publishing, struct gathering *gathering)
{
	const struct message_context *context = publishing->context;

	*gathering = (struct gathering){.last = publishing->hit};
	arena_init(&gathering->texts, TEXTS_MAX);
	gathering->report = (struct avreport){
		.profile = context->profile,
		.agencies = context->agencies,
		.created_ns = context->now_ns,
		.hits = arena_alloc(
			&gathering->texts, publishing->most * sizeof(struct statistics_hit)),
	};
}

static enum published publish_next(struct publishing *publishing)
{
	enum published result = PUBLISHED_FAILED;
	struct gathering gathering;

	start_gathering(publishing, &gathering);
	if (fill(publishing, &gathering))
		result = is_due(publishing, gathering.n > 0)
				 ? publish_report(publishing, &gathering,
					   gathering.full || gathering.n == publishing->most)
				 : PUBLISHED_ALL;
	arena_done(&gathering.texts);
	return result;
}

/* ---- all that is due -------------------------------------------------------------- */

static bool publish_all(struct publishing *publishing)
{
	unsigned n_reports = 0;

	for (unsigned i = 0; i < TRIES_AT_ONCE && n_reports < REPORTS_AT_ONCE; i++) {
		switch (publish_next(publishing)) {
		case PUBLISHED_FULL:
			n_reports++;
			publishing->follows = true;
			publishing->most = publishing->context->profile->malware.batch;
			break;
		case PUBLISHED_SMALLER:
			break;
		case PUBLISHED_ALL:
		case PUBLISHED_WAITS:
			return true;
		case PUBLISHED_FAILED:
			return false;
		}
	}
	return true;
}

bool avreport_publish(const struct message_context *context, struct statistics *statistics,
	struct outbox *outbox, struct err *err)
{
	struct publishing publishing = {
		.context = context,
		.statistics = statistics,
		.outbox = outbox,
		.err = err,
		.most = context->profile->malware.batch,
	};

	if (context->signer == NULL)
		return true;
	return outbox_get_mark(outbox, MARK_HIT, &publishing.hit, err) &&
	       outbox_get_mark(outbox, MARK_REPORT, &publishing.report_s, err) &&
	       publish_all(&publishing);
}
