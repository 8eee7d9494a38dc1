#include "agent/trust.h"

#include "agent/state_item.h"
#include "common/clock.h"
#include "common/log.h"

static bool has_crl(const struct tls_settings *settings)
{
	return settings->crl_file != NULL && settings->crl_file[0] != '\0';
}

/* Taken before the file is read: what changes meanwhile is read again. */
static struct file_mark mark_crl(const struct tls_settings *settings)
{
	return has_crl(settings) ? file_mark(settings->crl_file) : (struct file_mark){0};
}

/* Takes over `tls`; NULL is a failure. */
static bool replace(struct trust *trust, SSL_CTX *tls, const struct file_mark *crl)
{
	if (tls == NULL)
		return false;
	SSL_CTX_free(trust->tls);
	trust->tls = tls;
	trust->crl = *crl;
	trust->refused = false;
	return true;
}

bool trust_load(struct trust *trust, const struct tls_settings *settings, struct err *err)
{
	struct file_mark crl = mark_crl(settings);

	return replace(trust, tls_client_new(settings, err), &crl);
}

void trust_done(struct trust *trust)
{
	SSL_CTX_free(trust->tls);
	trust->tls = NULL;
}

/* ---- what ends -------------------------------------------------------------- */

static void warn(struct intake *intake, const char *action, const char *event, const char *key,
	int64_t until_ns)
{
	char until[CLOCK_TEXT_MAX];
	struct state_item item;
	bool over = clock_wall_ns() >= until_ns;

	clock_format_utc(until_ns, 0, until);
	if (over)
		log_error(event, "until=%s, and is over", until);
	else
		log_warn(event, "until=%s", until);
	state_item_begin(&item, action);
	json_put_str(&item.json, key, until);
	if (over)
		state_item_reason(&item, "it has expired");
	state_item_give(&item, intake);
}

static void watch_ends(struct trust *trust, struct intake *intake)
{
	struct validity validity = tls_own_validity(trust->tls);
	int64_t now_ns = clock_wall_ns();

	if (expiry_due(&trust->certificate_ends, EXPIRY_CERTIFICATE, &validity, now_ns))
		warn(intake, "certificate-expires", "certificate.expires",
			"tls.client.not_after", validity.until_ns);
	if (tls_crl_validity(trust->tls, &validity) &&
		expiry_due(&trust->crl_ends, EXPIRY_CRL, &validity, now_ns))
		warn(intake, "crl-expires", "crl.expires", "soc.crl.until", validity.until_ns);
}

/* ---- what is replaced ------------------------------------------------------- */

/* Once for each content. */
static void refuse(struct trust *trust, const struct file_mark *file, const char *why,
	struct intake *intake)
{
	struct state_item item;

	if (trust->refused && file_mark_same(file, &trust->bad))
		return;
	trust->refused = true;
	trust->bad = *file;
	log_error("crl.refused", "reason=%s instead=old-one-stays", LOG_TEXT(slice_str(why)));
	state_item_begin(&item, "crl-refused");
	state_item_reason(&item, why);
	state_item_give(&item, intake);
}

static bool take_over(
	struct trust *trust, const struct tls_settings *settings, struct intake *intake)
{
	struct file_mark now = mark_crl(settings);
	struct err err = {0};

	if (file_mark_same(&now, &trust->crl)) {
		trust->refused = false;
		return false;
	}
	if (!replace(trust, tls_client_renew(trust->tls, settings->crl_file, &err), &now)) {
		refuse(trust, &now, err.text, intake);
		return false;
	}
	log_info("crl.loaded", "file=%s", LOG_TEXT(slice_str(settings->crl_file)));
	return true;
}

bool trust_watch(
	struct trust *trust, const struct tls_settings *settings, struct intake *intake)
{
	bool changed = take_over(trust, settings, intake);

	watch_ends(trust, intake);
	return changed;
}
