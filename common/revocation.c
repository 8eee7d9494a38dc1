#include "common/revocation.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/tls.h"

enum { CRLS_MAX = 64, DIGEST_BYTES_MIN = 28 };

struct verified_crl {
	X509_CRL *crl;
	X509 *issuer;
	int64_t this_update, next_update; /* seconds */
};

struct revocation {
	struct verified_crl crls[CRLS_MAX];
	unsigned n_crls;
};

int64_t revocation_time_ns(const ASN1_TIME *time)
{
	struct tm tm;
	int64_t ns;

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return CLOCK_NONE;

	const struct civil civil = {
		.year = tm.tm_year + 1900,
		.month = (unsigned)tm.tm_mon + 1,
		.day = (unsigned)tm.tm_mday,
		.hour = (unsigned)tm.tm_hour,
		.minute = (unsigned)tm.tm_min,
		.second = (unsigned)tm.tm_sec,
	};
	if (clock_from_civil(&civil, &ns))
		return ns;
	return civil.year > 2000 ? INT64_MAX : CLOCK_NONE;
}

static int64_t seconds_of(const ASN1_TIME *time)
{
	return revocation_time_ns(time) / CLOCK_NS_PER_S;
}

static bool same_authority(X509 *a, X509 *b)
{
	return a == b ||
	       (X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)) == 0 &&
		       ASN1_STRING_cmp(
			       X509_get0_pubkey_bitstr(a), X509_get0_pubkey_bitstr(b)) == 0);
}

/* Extensions that change what a CRL covers are critical, but for the freshest-CRL pointer. */
static bool is_complete(const X509_CRL *crl)
{
	if (X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) >= 0 ||
		X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
		return false;
	return X509_CRL_get_ext_by_critical(crl, 1, -1) < 0;
}

static bool entries_are_plain(X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);

	for (int i = 0; i < sk_X509_REVOKED_num(revoked); i++) {
		if (X509_REVOKED_get_ext_by_critical(
			    sk_X509_REVOKED_value(revoked, i), 1, -1) >= 0)
			return false;
	}
	return true;
}

static bool digest_is_strong(const X509_CRL *crl)
{
	int digest = NID_undef;

	if (!OBJ_find_sigid_algs(X509_CRL_get_signature_nid(crl), &digest, NULL))
		return false;
	if (digest == NID_undef) /* EdDSA and RSA-PSS name theirs elsewhere */
		return true;

	const EVP_MD *md = EVP_get_digestbynid(digest);
	return md != NULL && EVP_MD_get_size(md) >= DIGEST_BYTES_MIN;
}

static bool signed_by(X509_CRL *crl, X509 *issuer)
{
	if (X509_NAME_cmp(X509_get_subject_name(issuer), X509_CRL_get_issuer(crl)) != 0)
		return false;
	if ((X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0)
		return false;
	return X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1;
}

static X509 *issuer_among(STACK_OF(X509) * issuers, X509_CRL *crl)
{
	for (int i = 0; i < sk_X509_num(issuers); i++) {
		if (signed_by(crl, sk_X509_value(issuers, i)))
			return sk_X509_value(issuers, i);
	}
	return NULL;
}

static bool acceptable(X509_CRL *crl, struct err *err)
{
	if (X509_CRL_get0_lastUpdate(crl) == NULL || X509_CRL_get0_nextUpdate(crl) == NULL)
		return err_set(err, "a CRL without nextUpdate");
	if (!is_complete(crl) || !entries_are_plain(crl))
		return err_set(
			err, "a partial, indirect or delta CRL; complete ones are needed");
	if (!digest_is_strong(crl))
		return err_set(err, "a CRL signed with a weak digest");
	return true;
}

/* n_crls when there is none. */
static unsigned find(const struct revocation *revocation, X509 *issuer)
{
	unsigned i = 0;

	while (i < revocation->n_crls && !same_authority(revocation->crls[i].issuer, issuer))
		i++;
	return i;
}

static struct verified_crl *entry_of(struct revocation *revocation, X509 *issuer)
{
	unsigned i = find(revocation, issuer);

	return i < revocation->n_crls ? &revocation->crls[i] : NULL;
}

/* Takes over `crl` in every case. */
static bool add(struct revocation *revocation, X509_CRL *crl, X509 *issuer, struct err *err)
{
	struct verified_crl *entry = entry_of(revocation, issuer);
	int64_t this_update = seconds_of(X509_CRL_get0_lastUpdate(crl));

	if (entry != NULL && entry->this_update >= this_update) {
		X509_CRL_free(crl);
		return true;
	}
	if (entry == NULL && revocation->n_crls == CRLS_MAX) {
		X509_CRL_free(crl);
		return err_set(err, "more than %d issuers", CRLS_MAX);
	}
	if (entry == NULL) {
		entry = &revocation->crls[revocation->n_crls++];
		X509_up_ref(issuer);
		entry->issuer = issuer;
	}
	X509_CRL_free(entry->crl);
	entry->crl = crl;
	entry->this_update = this_update;
	entry->next_update = seconds_of(X509_CRL_get0_nextUpdate(crl));

	/* The first lookup sorts the entries; after this one all are reads only. */
	X509_REVOKED *revoked = NULL;
	(void)X509_CRL_get0_by_serial(crl, &revoked, X509_get0_serialNumber(issuer));
	return true;
}

static bool add_verified(
	struct revocation *revocation, X509_CRL *crl, STACK_OF(X509) * issuers, struct err *err)
{
	X509 *issuer = NULL;

	if (!acceptable(crl, err)) {
		X509_CRL_free(crl);
		return false;
	}
	issuer = issuer_among(issuers, crl);
	if (issuer == NULL) {
		X509_CRL_free(crl);
		return err_set(err, "a CRL that none of the trusted CA certificates signed");
	}
	return add(revocation, crl, issuer, err);
}

static bool at_end_of_pem(void)
{
	unsigned long code = ERR_peek_last_error();

	return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

static bool read_all(
	struct revocation *revocation, BIO *bio, STACK_OF(X509) * issuers, struct err *err)
{
	X509_CRL *crl = NULL;

	while ((crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
		if (!add_verified(revocation, crl, issuers, err))
			return false;
	}
	if (!at_end_of_pem())
		return tls_err(err, "damaged CRL");
	ERR_clear_error();
	if (revocation->n_crls == 0)
		return err_set(err, "no CRL in it");
	return true;
}

struct revocation *revocation_load(
	const char *crl_file, STACK_OF(X509) * issuers, struct err *err)
{
	struct revocation *revocation = calloc(1, sizeof(*revocation));
	BIO *bio = BIO_new_file(crl_file, "r");
	bool ok = false;

	if (revocation == NULL)
		abort();
	if (bio == NULL) {
		tls_err(err, "opening");
	} else {
		ok = read_all(revocation, bio, issuers, err);
		BIO_free(bio);
	}
	if (ok)
		return revocation;
	err_within(err, "%s", crl_file);
	ERR_clear_error();
	revocation_free(revocation);
	return NULL;
}

void revocation_free(struct revocation *revocation)
{
	if (revocation == NULL)
		return;
	for (unsigned i = 0; i < revocation->n_crls; i++) {
		X509_CRL_free(revocation->crls[i].crl);
		X509_free(revocation->crls[i].issuer);
	}
	free(revocation);
}

int revocation_check(const struct revocation *revocation, X509 *cert, X509 *issuer, int64_t now)
{
	unsigned at = find(revocation, issuer);
	const struct verified_crl *entry = &revocation->crls[at];
	X509_REVOKED *revoked = NULL;

	if (at == revocation->n_crls)
		return X509_V_ERR_UNABLE_TO_GET_CRL;
	if (X509_CRL_get0_by_serial(entry->crl, &revoked, X509_get0_serialNumber(cert)) != 0)
		return X509_V_ERR_CERT_REVOKED;
	if (now < entry->this_update)
		return X509_V_ERR_CRL_NOT_YET_VALID;
	return now < entry->next_update ? X509_V_OK : X509_V_ERR_CRL_HAS_EXPIRED;
}

static bool is_good(const struct verified_crl *entry, int64_t now)
{
	return now >= entry->this_update && now < entry->next_update;
}

static bool may_follow(const struct verified_crl *before, const struct verified_crl *next,
	int64_t now, struct err *err)
{
	if (next->this_update < before->this_update)
		return err_set(err, "a CRL older than the one in force");
	if (!is_good(before, now) || is_good(next, now))
		return true;
	return err_set(
		err, now < next->this_update
			     ? "a CRL that is not valid yet; is this machine's clock right?"
			     : "a CRL that has expired");
}

bool revocation_may_follow(const struct revocation *before, const struct revocation *next,
	int64_t now, struct err *err)
{
	for (unsigned i = 0; i < before->n_crls; i++) {
		const struct verified_crl *entry = &before->crls[i];
		unsigned at = find(next, entry->issuer);

		if (at == next->n_crls && is_good(entry, now))
			return err_set(err, "no CRL of an issuer whose CRL in force is good");
		if (at < next->n_crls && !may_follow(entry, &next->crls[at], now, err))
			return false;
	}
	return true;
}

static struct validity validity_of(const X509_CRL *crl)
{
	return (struct validity){
		.from_ns = revocation_time_ns(X509_CRL_get0_lastUpdate(crl)),
		.until_ns = revocation_time_ns(X509_CRL_get0_nextUpdate(crl)),
	};
}

struct validity revocation_validity(const struct revocation *revocation)
{
	struct validity first = validity_of(revocation->crls[0].crl);

	for (unsigned i = 1; i < revocation->n_crls; i++) {
		struct validity next = validity_of(revocation->crls[i].crl);

		if (next.until_ns < first.until_ns)
			first = next;
	}
	return first;
}
