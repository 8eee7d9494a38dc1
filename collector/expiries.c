#include "collector/expiries.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/ingest/ingest.h"
#include "collector/signer/signer.h"
#include "common/clock.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/revocation.h"

enum {
	LOOK_MS = 60000,
	SOON_MS = 2000, /* the signer may start later */
	ANSWER_MS = 3000,
};

static struct counter warnings = COUNTER("collector.expiry_warnings",
	"times a certificate or CRL of the collector neared its end");

enum item {
	ITEM_SERVER,
	ITEM_CRL,
	ITEM_SIGNER_JWS,
	ITEM_SIGNER_XML,
	ITEM_KAFKA,
	ITEM_LISTENERS, /* two of each: its certificate, its CRL */
	ITEMS = ITEM_LISTENERS + 2 * LISTENERS_MAX,
};

struct watched {
	char name[64];
	enum expiry_kind kind;
	bool known;
	struct validity validity;
	struct expiry expiry;
};

struct expiries {
	struct ingest *ingest;
	struct signer *signer;
	pthread_t thread;
	bool started;
	struct loop *loop;
	struct event *look;
	pthread_mutex_t lock; /* known and validity of all */
	struct watched items[ITEMS];
};

static const struct {
	const char *name;
	enum expiry_kind kind;
} kinds[ITEM_LISTENERS] = {
	[ITEM_SERVER] = {"server", EXPIRY_CERTIFICATE},
	[ITEM_CRL] = {"crl", EXPIRY_CRL},
	[ITEM_SIGNER_JWS] = {"signer.jws", EXPIRY_CERTIFICATE},
	[ITEM_SIGNER_XML] = {"signer.xml", EXPIRY_CERTIFICATE},
	[ITEM_KAFKA] = {"kafka", EXPIRY_CERTIFICATE},
};

/* ---- reading ---------------------------------------------------------------- */

static void set(struct expiries *expiries, enum item item, const struct validity *validity)
{
	pthread_mutex_lock(&expiries->lock);
	expiries->items[item].known = validity != NULL;
	if (validity != NULL)
		expiries->items[item].validity = *validity;
	pthread_mutex_unlock(&expiries->lock);
}

static void name_items(struct expiries *expiries, unsigned item, const char *listener)
{
	struct watched *watched = &expiries->items[item];

	pthread_mutex_lock(&expiries->lock);
	snprintf(watched[0].name, sizeof(watched[0].name), "listener.%s", listener);
	snprintf(watched[1].name, sizeof(watched[1].name), "listener.%s.crl", listener);
	watched[0].kind = EXPIRY_CERTIFICATE;
	watched[1].kind = EXPIRY_CRL;
	pthread_mutex_unlock(&expiries->lock);
}

static void take(struct expiries *expiries, enum item item, X509 *certificate)
{
	if (certificate == NULL)
		return;
	set(expiries, item,
		&(struct validity){
			.from_ns = revocation_time_ns(X509_get0_notBefore(certificate)),
			.until_ns = revocation_time_ns(X509_get0_notAfter(certificate)),
		});
	X509_free(certificate);
}

static void read_listener(void *user, unsigned number, const char *name,
	const struct validity *certificate, const struct validity *crl)
{
	const unsigned item = ITEM_LISTENERS + 2 * number;
	struct expiries *expiries = user;

	if (expiries->items[item].name[0] == '\0')
		name_items(expiries, item, name);
	set(expiries, (enum item)item, certificate);
	set(expiries, (enum item)(item + 1), crl);
}

static void read_ingest(struct expiries *expiries)
{
	struct validity certificate, crl;
	bool has_crl = ingest_validity(expiries->ingest, &certificate, &crl);

	set(expiries, ITEM_SERVER, &certificate);
	set(expiries, ITEM_CRL, has_crl ? &crl : NULL);
	ingest_listeners_validity(expiries->ingest, read_listener, expiries);
}

/* One that does not answer now has the certificate it had. */
static void read_signer(struct expiries *expiries, enum signer_key key, enum item item)
{
	unsigned char der[SIGNER_CERTIFICATE_MAX];
	const unsigned char *at = der;
	enum signer_algorithm algorithm;
	size_t len;

	if (signer_certificate(expiries->signer, key, ANSWER_MS, der, &len, &algorithm, NULL))
		take(expiries, item, d2i_X509(NULL, &at, (long)len));
}

static void read_file(struct expiries *expiries, enum item item, const char *path)
{
	FILE *file = path[0] != '\0' ? fopen(path, "re") : NULL;

	if (file == NULL)
		return; /* who needs it says so */
	take(expiries, item, PEM_read_X509(file, NULL, NULL, NULL));
	fclose(file);
}

/* ---- looking ---------------------------------------------------------------- */

const char *expiries_state(
	enum expiry_kind kind, const struct validity *validity, int64_t now_ns)
{
	if (now_ns < validity->from_ns)
		return "early";
	if (now_ns >= validity->until_ns)
		return "expired";
	return expiry_is_near(kind, validity, now_ns) ? "soon" : "good";
}

static void warn(const struct watched *watched, int64_t now_ns)
{
	const bool is_crl = watched->kind == EXPIRY_CRL;
	const char *event = is_crl ? "crl.expires" : "certificate.expires";
	const struct validity *validity = &watched->validity;
	char until[CLOCK_TEXT_MAX];

	counter_add(&warnings, 1);
	clock_format_utc(validity->until_ns, 0, until);
	if (now_ns >= validity->until_ns)
		log_error(event, "what=%s until=%s, and is over", watched->name, until);
	else
		log_warn(event, "what=%s until=%s", watched->name, until);
}

static void look_at(struct expiries *expiries, enum item item)
{
	struct watched *watched = &expiries->items[item];
	const int64_t now_ns = clock_wall_ns();

	if (watched->known &&
		expiry_due(&watched->expiry, watched->kind, &watched->validity, now_ns))
		warn(watched, now_ns);
}

static void on_look(evutil_socket_t fd, short what, void *user)
{
	struct expiries *expiries = user;

	(void)fd;
	(void)what;
	read_ingest(expiries);
	read_signer(expiries, SIGNER_JWS, ITEM_SIGNER_JWS);
	read_signer(expiries, SIGNER_XML, ITEM_SIGNER_XML);
	for (unsigned i = 0; i < ITEMS; i++)
		look_at(expiries, (enum item)i);
	loop_arm(expiries->look, expiries->items[ITEM_SIGNER_XML].known ? LOOK_MS : SOON_MS);
}

void expiries_walk(struct expiries *expiries,
	void (*visit)(void *user, const struct expiring *expiring), void *user)
{
	struct watched items[ITEMS];

	pthread_mutex_lock(&expiries->lock);
	memcpy(items, expiries->items, sizeof(items));
	pthread_mutex_unlock(&expiries->lock);
	for (unsigned i = 0; i < ITEMS; i++) {
		if (items[i].known)
			visit(user, &(struct expiring){
					    items[i].name, items[i].kind, items[i].validity});
	}
}

/* ---- life ------------------------------------------------------------------- */

static void *run(void *user)
{
	struct expiries *expiries = user;

	(void)pthread_setname_np(pthread_self(), "expiries");
	loop_run(expiries->loop);
	return NULL;
}

static bool start(struct expiries *expiries, struct err *err)
{
	expiries->loop = loop_new(err);
	if (expiries->loop == NULL)
		return false;
	expiries->look = event_new(loop_base(expiries->loop), -1, 0, on_look, expiries);
	if (expiries->look == NULL)
		return err_set(err, "creating the timer of expiries");
	loop_arm(expiries->look, 0);
	int failed = pthread_create(&expiries->thread, NULL, run, expiries);
	expiries->started = failed == 0;
	return expiries->started ||
	       err_set(err, "starting the thread of expiries: %s", strerror(failed));
}

struct expiries *expiries_start(const struct expiries_sources *sources, struct err *err)
{
	struct expiries *expiries = calloc(1, sizeof(*expiries));

	if (expiries == NULL)
		abort();
	expiries->ingest = sources->ingest;
	expiries->signer = sources->signer;
	pthread_mutex_init(&expiries->lock, NULL);
	for (unsigned i = 0; i < ITEM_LISTENERS; i++) {
		snprintf(expiries->items[i].name, sizeof(expiries->items[i].name), "%s",
			kinds[i].name);
		expiries->items[i].kind = kinds[i].kind;
	}
	read_file(expiries, ITEM_KAFKA, sources->kafka_certificate);
	if (start(expiries, err))
		return expiries;
	expiries_stop(expiries);
	return NULL;
}

void expiries_stop(struct expiries *expiries)
{
	if (expiries == NULL)
		return;
	if (expiries->started) {
		loop_stop(expiries->loop);
		pthread_join(expiries->thread, NULL);
	}
	if (expiries->look != NULL)
		event_free(expiries->look);
	loop_free(expiries->loop);
	pthread_mutex_destroy(&expiries->lock);
	free(expiries);
}

void expiries_wake(struct expiries *expiries)
{
	event_active(expiries->look, EV_TIMEOUT, 0);
}
