/*
 * Windows Event Forwarding: what computers ask for and deliver (wsman.h).
 *
 *	POST /wsman/SubscriptionManager/WEC   which subscriptions are mine?
 *	POST /wsman/subscriptions/ID          events, heartbeats, the end of one
 *
 * A delivery is acknowledged when all of it is durable, and its bookmark counts from then on. A
 * computer that hears a fault or nothing sends it again. An empty body asks whether it
 * may come at all: it may.
 */
#include <event2/bufferevent_ssl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/ingest/http/http_routes.h"
#include "collector/ingest/wef/wef_sources.h"
#include "collector/ingest/wef/wef_subscriptions.h"
#include "collector/ingest/wef/wsman.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/tls.h"
#include "common/utf8.h"

enum {
	TEXT_MAX = WSMAN_ENVELOPE_MAX * 2,
	ANSWER_MAX = 2 << 20, /* bytes of an envelope of ours, in UTF-8 */
	ADDRESS_MAX = 1024,
	SHA1_HEX_SIZE = 41,
};

static struct counter enumerations = COUNTER("ingest.wef_enumerations",
	"times computers that forward asked what they have to deliver");
static struct counter deliveries =
	COUNTER("ingest.wef_deliveries", "deliveries of forwarded events that are durable");
static struct counter heartbeats =
	COUNTER("ingest.wef_heartbeats", "heartbeats of computers that forward");
static struct counter faults =
	COUNTER("ingest.wef_faults", "messages of computers that forward which were answered "
				     "with a fault; nothing of them is "
				     "stored, and they come again");
static struct counter left_out = COUNTER("ingest.wef_left_out",
	"events that computers left out, as they say: larger than an envelope may be");
static struct counter cut =
	COUNTER("ingest.wef_cut", "forwarded events longer than event-max; stored up to there");
static struct counter given_up =
	COUNTER("ingest.wef_given_up", "subscriptions that computers ended, as they say");

struct wef {
	struct strbuf body;     /* as sent */
	struct strbuf text;     /* in UTF-8; `message` points into it */
	struct strbuf bookmark; /* of a delivery: that is all that is needed behind its end */
	struct wsman_message message;
	enum wsman_fault fault;
	const char *why;
	struct wef_subscriptions *subscriptions; /* a reference */
	const struct wef_subscription *subscription;
	char certificate[CERTIFICATE_NAME_MAX + 1]; /* name in it */
	bool has_bookmark, asks_only;               /* whether it may come */
};

/* ---- reading ----------------------------------------------------------------------- */

static struct http_trouble begin(struct http_exchange *exchange)
{
	struct wef *wef = calloc(1, sizeof(*wef));

	if (wef == NULL)
		abort();
	wef->subscriptions = ingest_shared_subscriptions(exchange->session->gate->shared);
	strbuf_init(&wef->body, wef_subscriptions_body_max(wef->subscriptions));
	strbuf_init(&wef->text, TEXT_MAX);
	strbuf_init(&wef->bookmark, WSMAN_BOOKMARK_MAX);
	wef->fault = WSMAN_FAULT_NONE;
	exchange->state = wef;
	return HTTP_FINE;
}

static void close_wef(struct http_exchange *exchange)
{
	struct wef *wef = exchange->state;

	if (wef == NULL)
		return;
	strbuf_done(&wef->body);
	strbuf_done(&wef->text);
	strbuf_done(&wef->bookmark);
	wef_subscriptions_unref(wef->subscriptions);
	free(wef);
}

static struct http_trouble body(struct http_exchange *exchange, struct slice piece)
{
	struct wef *wef = exchange->state;

	strbuf_add(&wef->body, piece);
	return wef->body.overflow ? (struct http_trouble){413, "no envelope is so large"}
				  : HTTP_FINE;
}

static bool refuse(struct wef *wef, enum wsman_fault fault, const char *why)
{
	wef->fault = fault;
	wef->why = why;
	return false;
}

/* False: it is a fault. */
static bool read_message(struct http_exchange *exchange)
{
	struct wef *wef = exchange->state;
	const bool packed =
		slice_eq_nocase(exchange->head->content_encoding, SLICE_LIT("SLDC"));

	if (!slice_absent(exchange->head->content_encoding) && !packed)
		return refuse(
			wef, WSMAN_FAULT_ENVELOPE, "packed with something else than SLDC");
	if (!wsman_decode(strbuf_slice(&wef->body), packed, &wef->text, &wef->why))
		return refuse(wef, WSMAN_FAULT_ENVELOPE, wef->why);
	strbuf_done(&wef->body);
	wef->fault = wsman_read(strbuf_slice(&wef->text), &wef->message, &wef->why);
	return wef->fault == WSMAN_FAULT_NONE;
}

/* ---- enumerations ------------------------------------------------------------------- */

static bool take_name(void *user, struct slice name)
{
	struct wef *wef = user;

	if (name.len > CERTIFICATE_NAME_MAX || memchr(name.ptr, '\0', name.len) != NULL)
		return false;
	snprintf(wef->certificate, sizeof(wef->certificate), "%.*s", SLICE_FMT(name));
	return true;
}

/* The first name of its certificate, which its authority gave it. */
static const char *certificate_of(const struct http_exchange *exchange)
{
	const SSL *ssl = bufferevent_openssl_get_ssl(exchange->session->bev);
	struct wef *wef = exchange->state;

	if (wef->certificate[0] == '\0' && ssl != NULL)
		(void)tls_peer_names(ssl, take_name, wef);
	return wef->certificate;
}

static struct wef_source_key key_of(
	const struct http_exchange *exchange, const struct wef_subscription *subscription)
{
	const struct wef *wef = exchange->state;

	return (struct wef_source_key){
		.sender = exchange->session->flow->sender->name,
		.certificate = certificate_of(exchange),
		.computer = wef->message.machine[0] != '\0' ? wef->message.machine : "-",
		.subscription = subscription->name,
	};
}

/* SHA-1 in hex of the certificate that issued the peer's: by it Windows finds the one to show.
 */
static bool find_issuer(const struct sender_session *session, char thumbprint[SHA1_HEX_SIZE])
{
	const SSL *ssl = bufferevent_openssl_get_ssl(session->bev);
	STACK_OF(X509) *chain = ssl != NULL ? SSL_get0_verified_chain(ssl) : NULL;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len;

	if (chain == NULL || sk_X509_num(chain) == 0)
		return false;
	const int at = sk_X509_num(chain) > 1 ? 1 : 0;
	if (X509_digest(sk_X509_value(chain, at), EVP_sha1(), digest, &len) != 1)
		return false;
	for (unsigned i = 0; i < len && i < SHA1_HEX_SIZE / 2; i++)
		snprintf(thumbprint + (size_t)2 * i, 3, "%02X", digest[i]);
	return true;
}

static void put_subscription(struct http_exchange *exchange, struct strbuf *out,
	const struct wef_subscription *subscription, const struct wsman_issuer *issuer)
{
	struct ingest_shared *shared = exchange->session->gate->shared;
	struct strbuf bookmark = STRBUF_INIT(WSMAN_BOOKMARK_MAX),
		      address = STRBUF_INIT(ADDRESS_MAX);
	const struct wef_source_key key = key_of(exchange, subscription);
	const bool has = wef_sources_bookmark(shared->sources, &key, &bookmark);

	strbuf_add_str(&address, "https://");
	strbuf_add(&address, exchange->head->host);
	strbuf_addf(&address, "/wsman/subscriptions/%s", subscription->id);
	wsman_put_subscription(out,
		&(struct wsman_subscription){
			.name = slice_str(subscription->name),
			.version = slice_str(subscription->version),
			.query = subscription->query,
			.rendered = subscription->rendered,
			.existing = subscription->existing,
			.locale = slice_str(subscription->locale),
			.heartbeat_ms = subscription->heartbeat_ms,
			.latency_ms = subscription->latency_ms,
			.envelope_max = subscription->envelope_max,
			.address = strbuf_slice(&address),
			.bookmark = has ? strbuf_slice(&bookmark) : SLICE_NONE,
		},
		issuer);
	wef_sources_note(shared->sources, &key, WEF_SOURCE_ASKED, 0, subscription->heartbeat_ms,
		SLICE_NONE);
	strbuf_done(&bookmark);
	strbuf_done(&address);
}

static void put_enumeration(struct http_exchange *exchange, struct strbuf *out)
{
	const struct wef *wef = exchange->state;
	char thumbprint[SHA1_HEX_SIZE] = "";
	const bool has = find_issuer(exchange->session, thumbprint);
	const struct wsman_issuer issuer = {has ? slice_str(thumbprint) : SLICE_NONE};

	wsman_put_enumeration_start(out, &wef->message);
	for (size_t i = 0; i < wef_subscriptions_count(wef->subscriptions); i++) {
		const struct wef_subscription *subscription =
			wef_subscription_at(wef->subscriptions, i);

		if (wef_subscription_is_for(
			    subscription, exchange->session->flow->sender->name))
			put_subscription(exchange, out, subscription, &issuer);
	}
	wsman_put_enumeration_end(out);
	counter_add(&enumerations, 1);
}

/* ---- deliveries ---------------------------------------------------------------------- */

/* The last part of the path. */
static struct slice id_in(struct slice path)
{
	const struct slice start = SLICE_LIT("/wsman/subscriptions/");
	const struct slice id = path.len > start.len ? slice_from(path, start.len) : SLICE_NONE;

	return slice_head(id, slice_find(id, '/'));
}

static bool find_subscription(struct http_exchange *exchange)
{
	struct wef *wef = exchange->state;

	wef->subscription =
		wef_subscription_by_id(wef->subscriptions, id_in(exchange->head->path));
	if (wef->subscription != NULL && wef_subscription_is_for(wef->subscription,
						 exchange->session->flow->sender->name))
		return true;
	return refuse(wef, WSMAN_FAULT_SUBSCRIPTION, "there is no such subscription any more");
}

static void put_event(struct http_exchange *exchange, struct slice event)
{
	const uint64_t most = exchange->session->gate->shared->settings->syslog.event_max;
	const uint64_t dropped = wsman_dropped(event);

	if (dropped > 0)
		counter_add(&left_out, dropped);
	if (event.len > most)
		counter_add(&cut, 1);
	http_put(exchange, utf8_head(event, most), event.len, false);
}

/* Why is lost with the envelope. */
static void log_end(const struct http_exchange *exchange)
{
	const struct wef *wef = exchange->state;

	if (!sender_may_tell(&exchange->session->flow->sender->state->end_told_ms))
		return;
	log_warn("wef.given_up", "sender=%s computer=%s subscription=%s status=%s",
		LOG_TEXT(slice_str(exchange->session->flow->sender->name)),
		LOG_TEXT(slice_str(wef->message.machine)),
		LOG_TEXT(slice_str(wef->subscription->name)), LOG_TEXT(wef->message.status));
}

/* What is left to be done behind it needs its bookmark alone. */
static void put_events(struct http_exchange *exchange)
{
	struct wef *wef = exchange->state;
	struct strbuf scratch = STRBUF_INIT(TEXT_MAX);
	struct slice event;

	if (wef->message.action == WSMAN_SUBSCRIPTION_END)
		log_end(exchange);
	exchange->forwarder = certificate_of(exchange);
	while (wsman_next_event(&wef->message, &scratch, &event)) {
		if (event.len > 0)
			put_event(exchange, event);
	}
	strbuf_done(&scratch);
	wef->has_bookmark = !slice_absent(wef->message.bookmark);
	strbuf_add(&wef->bookmark, wef->message.bookmark);
	wef->message.bookmark = wef->message.status = SLICE_NONE;
	strbuf_done(&wef->text);
}

static struct http_trouble end_delivery(struct http_exchange *exchange)
{
	struct wef *wef = exchange->state;

	wef->asks_only = wef->body.len == 0;
	if (wef->asks_only || !read_message(exchange) || wef->message.action == WSMAN_END)
		return HTTP_FINE;
	if (wef->message.action != WSMAN_EVENTS && wef->message.action != WSMAN_HEARTBEAT &&
		wef->message.action != WSMAN_SUBSCRIPTION_END)
		(void)refuse(wef, WSMAN_FAULT_ACTION, "that is not done here");
	else if (find_subscription(exchange))
		put_events(exchange);
	return HTTP_FINE;
}

static struct http_trouble end_question(struct http_exchange *exchange)
{
	struct wef *wef = exchange->state;

	wef->asks_only = wef->body.len == 0;
	if (wef->asks_only || !read_message(exchange))
		return HTTP_FINE;
	if (wef->message.action == WSMAN_PULL)
		(void)refuse(wef, WSMAN_FAULT_CONTEXT, "all was given at once");
	else if (wef->message.action != WSMAN_ENUMERATE && wef->message.action != WSMAN_END &&
		 wef->message.action != WSMAN_RELEASE)
		(void)refuse(wef, WSMAN_FAULT_ACTION, "that is not done here");
	else if (slice_absent(exchange->head->host))
		(void)refuse(wef, WSMAN_FAULT_ENVELOPE, "it does not say where it came to");
	return HTTP_FINE;
}

/* ---- answers -------------------------------------------------------------------------- */

static void note(struct http_exchange *exchange, enum wef_source_event what)
{
	struct wef *wef = exchange->state;
	const struct wef_source_key key = key_of(exchange, wef->subscription);

	wef_sources_note(exchange->session->gate->shared->sources, &key, what, exchange->put,
		wef->subscription->heartbeat_ms,
		wef->has_bookmark ? strbuf_slice(&wef->bookmark) : SLICE_NONE);
	atomic_store(&exchange->session->flow->sender->state->heard_ns, clock_wall_ns());
}

/* Now that all of it is durable. */
static void conclude(struct http_exchange *exchange)
{
	const struct wef *wef = exchange->state;

	switch (wef->message.action) {
	case WSMAN_EVENTS:
		counter_add(&deliveries, 1);
		note(exchange, WEF_SOURCE_DELIVERED);
		break;
	case WSMAN_HEARTBEAT:
		counter_add(&heartbeats, 1);
		note(exchange, WEF_SOURCE_HEARTBEAT);
		break;
	case WSMAN_SUBSCRIPTION_END:
		counter_add(&given_up, 1);
		note(exchange, WEF_SOURCE_ENDED);
		break;
	case WSMAN_ENUMERATE:
	case WSMAN_PULL:
	case WSMAN_RELEASE:
	case WSMAN_END:
	case WSMAN_OTHER_ACTION:
		break;
	}
}

static void say(struct http_exchange *exchange, unsigned status, const struct strbuf *text)
{
	struct strbuf wide = STRBUF_INIT(ANSWER_MAX * 2);

	wsman_put_utf16(&wide, strbuf_slice(text));
	http_answer(exchange, status, SLICE_LIT("application/soap+xml;charset=UTF-16"),
		strbuf_slice(&wide));
	strbuf_done(&wide);
}

static void say_nothing(struct http_exchange *exchange, unsigned status)
{
	http_answer(exchange, status, SLICE_NONE, SLICE_LIT(""));
}

static void log_fault(const struct http_exchange *exchange)
{
	const struct wef *wef = exchange->state;

	if (sender_may_tell(&exchange->session->flow->sender->state->fault_told_ms))
		log_warn("wef.fault", "sender=%s peer=%s computer=%s, %s",
			LOG_TEXT(slice_str(exchange->session->flow->sender->name)),
			exchange->session->name, LOG_TEXT(slice_str(wef->message.machine)),
			wef->why);
}

static void say_fault(struct http_exchange *exchange)
{
	const struct wef *wef = exchange->state;
	struct strbuf out = STRBUF_INIT(ANSWER_MAX);

	counter_add(&faults, 1);
	log_fault(exchange);
	wsman_put_fault(&out, &wef->message, wef->fault, wef->why);
	say(exchange, wsman_fault_status(wef->fault), &out);
	strbuf_done(&out);
}

static void say_message(struct http_exchange *exchange)
{
	const struct wef *wef = exchange->state;
	struct strbuf out = STRBUF_INIT(ANSWER_MAX);

	if (wef->message.action == WSMAN_ENUMERATE)
		put_enumeration(exchange, &out);
	else if (wef->message.action == WSMAN_RELEASE)
		wsman_put_released(&out, &wef->message);
	else if (wef->message.wants_ack)
		wsman_put_ack(&out, &wef->message);
	if (out.len > 0)
		say(exchange, 200, &out);
	else
		say_nothing(exchange, 204);
	strbuf_done(&out);
}

static void answer(struct http_exchange *exchange)
{
	struct wef *wef = exchange->state;

	if (wef->asks_only) {
		say_nothing(exchange, 200);
	} else if (wef->fault != WSMAN_FAULT_NONE) {
		say_fault(exchange);
	} else {
		conclude(exchange);
		say_message(exchange);
	}
}

static size_t held(const struct http_exchange *exchange)
{
	const struct wef *wef = exchange->state;

	return wef->body.len + wef->text.len + wef->bookmark.len;
}

const struct http_handler wef_questions = {
	.wants_raw = true,
	.begin = begin,
	.body = body,
	.end = end_question,
	.answer = answer,
	.held = held,
	.close = close_wef,
};

const struct http_handler wef_deliveries = {
	.stores = true,
	.wants_raw = true,
	.begin = begin,
	.body = body,
	.end = end_delivery,
	.answer = answer,
	.held = held,
	.close = close_wef,
};
