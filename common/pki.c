#include "common/pki.h"

#include <arpa/inet.h>
#include <assert.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/utf8.h"

enum { SERIAL_BITS = 127, KEY_BITS_MIN = 112, RSA_BITS = 3072, DNS_MAX = 253, LABEL_MAX = 63 };

#define OID_DOCUMENT_SIGNING "1.3.6.1.5.5.7.3.36"

static const struct profile {
	const char *name;
	const char *key_usage;
	const char *extended_key_usage;
	bool has_identity, has_hosts;
	enum tls_peer_kind kind;
} profiles[] = {
	[PKI_AGENT] = {"agent", "critical,digitalSignature", "clientAuth", true, false,
		TLS_PEER_AGENT},
	[PKI_COLLECTOR] = {"collector", "critical,digitalSignature", "serverAuth", true, true,
		TLS_PEER_COLLECTOR},
	[PKI_CLIENT] = {"client", "critical,digitalSignature", "clientAuth", false, false, 0},
	[PKI_SERVER] = {"server", "critical,digitalSignature", "serverAuth", false, true, 0},
	[PKI_SIGNER] = {"signer", "critical,digitalSignature,nonRepudiation",
		OID_DOCUMENT_SIGNING, false, false, 0},
};

const char *const pki_reasons[] = {"unspecified", "keyCompromise", "CACompromise",
	"affiliationChanged", "superseded", "cessationOfOperation", "certificateHold", "",
	"removeFromCRL", "privilegeWithdrawn", NULL};

int pki_reason(const char *name)
{
	for (int i = 0; pki_reasons[i] != NULL; i++) {
		if (pki_reasons[i][0] != '\0' && strcmp(pki_reasons[i], name) == 0)
			return i;
	}
	return -1;
}

const char *pki_profile_name(enum pki_profile profile)
{
	return profiles[profile].name;
}

/* ---- what a request may say ---------------------------------------------------- */

/* C0, DEL, C1, and what turns the direction of text around (U+202A.., U+2066..). */
static bool is_control(struct slice character)
{
	const unsigned char *byte = (const unsigned char *)character.ptr;

	if (character.len == 1)
		return byte[0] < 0x20 || byte[0] == 0x7f;
	if (character.len == 2)
		return byte[0] == 0xc2 && byte[1] < 0xa0;
	if (character.len != 3 || byte[0] != 0xe2)
		return false;
	return (byte[1] == 0x80 && byte[2] >= 0xaa && byte[2] <= 0xae) ||
	       (byte[1] == 0x81 && byte[2] >= 0xa6 && byte[2] <= 0xa9);
}

static bool check_common_name(const char *name, struct err *err)
{
	struct slice rest = slice_str(name);
	unsigned characters = 0;

	while (rest.len > 0) {
		size_t width = utf8_width(rest);

		if (width == 0 || is_control(slice_head(rest, width)))
			return err_set(err, "the name holds a control or is not UTF-8");
		rest = slice_from(rest, width);
		characters++;
	}
	if (characters == 0 || characters > PKI_NAME_MAX)
		return err_set(err, "the name has %u characters; 1 to %d are possible",
			characters, PKI_NAME_MAX);
	return true;
}

/* A word that is one file name and one word of a command. */
static bool check_label(const struct pki_request *request, struct err *err)
{
	const char *label = request->label;
	size_t len = label != NULL ? strlen(label) : 0;

	if (profiles[request->profile].has_identity)
		return true;
	if (len > 0 && len <= PKI_LABEL_MAX && label[0] != '.' && label[0] != '-' &&
		strspn(label, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			      "0123456789._-") == len)
		return true;
	return err_set(err, "'%s': the name of a %s is made of A-Z, a-z, 0-9, '.', '_' and '-'",
		len > 0 ? label : "", pki_profile_name(request->profile));
}

static bool is_dns_label(struct slice label)
{
	if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-' ||
		label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
			!(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return true;
}

static bool check_dns(const char *name, struct err *err)
{
	struct slice rest = slice_str(name);
	struct slice label;

	if (rest.len == 0 || rest.len > DNS_MAX)
		return err_set(err, "a DNS name of %zu bytes", rest.len);
	while (slice_cut(&rest, '.', &label)) {
		if (!is_dns_label(label))
			return err_set(err, "'%s' is not a DNS name", name);
	}
	return true;
}

static bool check_ip(const char *text, struct err *err)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1)
		return true;
	return err_set(err, "'%s' is not an IP address", text);
}

static bool check_hosts(const struct pki_request *request, struct err *err)
{
	if (!profiles[request->profile].has_hosts)
		return request->n_dns + request->n_ip == 0 ||
		       err_set(err, "a certificate of a %s has no DNS names or addresses",
			       pki_profile_name(request->profile));
	if (request->n_dns + request->n_ip == 0)
		return err_set(err, "a DNS name or an IP address is needed");
	if (request->n_dns > PKI_HOSTS_MAX || request->n_ip > PKI_HOSTS_MAX)
		return err_set(err, "more than %d names", PKI_HOSTS_MAX);
	for (size_t i = 0; i < request->n_dns; i++) {
		if (!check_dns(request->dns[i], err))
			return false;
	}
	for (size_t i = 0; i < request->n_ip; i++) {
		if (!check_ip(request->ip[i], err))
			return false;
	}
	return true;
}

/* Says the identity and reads it again: what peers will refuse is refused here. */
static bool check_identity(const struct pki_request *request, struct err *err)
{
	const struct profile *profile = &profiles[request->profile];
	struct tls_peer read = {0};
	char uri[TLS_URI_MAX];

	if (!profile->has_identity)
		return true;
	assert(request->identity.kind == profile->kind);
	tls_identity_uri(&request->identity, uri);
	if (tls_identity_parse(slice_str(uri), &read))
		return true;
	if (profile->kind == TLS_PEER_AGENT)
		return err_set(err, "agency and host are numbers from 1 to 4294967295");
	return err_set(err, "a collector's name is made of a-z, 0-9, '-' and '.', not '%s'",
		request->identity.name);
}

bool pki_check_request(const struct pki_request *request, struct err *err)
{
	return check_label(request, err) && check_common_name(request->common_name, err) &&
	       check_identity(request, err) && check_hosts(request, err);
}

/* ---- pieces -------------------------------------------------------------------- */

EVP_PKEY *pki_key_new(enum pki_key type, struct err *err)
{
	EVP_PKEY *key = NULL;

	switch (type) {
	case PKI_KEY_P256:
		key = EVP_EC_gen("P-256");
		break;
	case PKI_KEY_RSA3072:
		key = EVP_RSA_gen(RSA_BITS);
		break;
	}
	if (key == NULL)
		tls_err(err, "making a key");
	return key;
}

static bool set_serial(X509 *cert)
{
	BIGNUM *number = BN_new();
	bool ok = number != NULL &&
		  BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;

	BN_free(number);
	return ok;
}

static bool set_name(X509_NAME *name, const char *common_name)
{
	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
		       (const unsigned char *)common_name, -1, -1, 0) == 1;
}

static bool set_time(ASN1_TIME *to, int64_t ns, int64_t add_seconds)
{
	return ASN1_TIME_set(to, (time_t)(ns / CLOCK_NS_PER_S + add_seconds)) != NULL;
}

static int64_t days_in_seconds(uint32_t days)
{
	return (int64_t)days * 86400;
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	bool ok = false;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (extension != NULL)
		ok = X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

/* Alternative names are built, not written as text that OpenSSL would read again. */
static bool add_name(GENERAL_NAMES *names, int type, const void *bytes, size_t len)
{
	ASN1_STRING *text = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
	GENERAL_NAME *name = GENERAL_NAME_new();

	if (text == NULL || name == NULL || ASN1_STRING_set(text, bytes, (int)len) != 1 ||
		sk_GENERAL_NAME_push(names, name) == 0) {
		ASN1_STRING_free(text);
		GENERAL_NAME_free(name);
		return false;
	}
	GENERAL_NAME_set0_value(name, type, text);
	return true;
}

static bool add_address(GENERAL_NAMES *names, const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, text, address) == 1)
		return add_name(names, GEN_IPADD, address, sizeof(struct in_addr));
	if (inet_pton(AF_INET6, text, address) == 1)
		return add_name(names, GEN_IPADD, address, sizeof(struct in6_addr));
	return false;
}

static bool add_names(GENERAL_NAMES *names, const struct pki_request *request)
{
	char uri[TLS_URI_MAX];
	bool ok = true;

	if (profiles[request->profile].has_identity) {
		tls_identity_uri(&request->identity, uri);
		ok = add_name(names, GEN_URI, uri, strlen(uri));
	}
	for (size_t i = 0; ok && i < request->n_dns; i++)
		ok = add_name(names, GEN_DNS, request->dns[i], strlen(request->dns[i]));
	for (size_t i = 0; ok && i < request->n_ip; i++)
		ok = add_address(names, request->ip[i]);
	return ok;
}

static bool add_alternative_names(X509 *cert, const struct pki_request *request)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	bool ok = names != NULL && add_names(names, request);

	if (ok && sk_GENERAL_NAME_num(names) > 0)
		ok = X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1;
	GENERAL_NAMES_free(names);
	return ok;
}

/* ---- certificates -------------------------------------------------------------- */

static bool fill_common(X509 *cert, const char *common_name, EVP_PKEY *key, X509 *issuer)
{
	return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
	       set_name(X509_get_subject_name(cert), common_name) &&
	       X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
	       X509_set_pubkey(cert, key) == 1;
}

static bool fill_ca(
	X509 *cert, EVP_PKEY *key, const char *common_name, uint32_t days, int64_t now)
{
	return fill_common(cert, common_name, key, cert) &&
	       set_time(X509_getm_notBefore(cert), now, -PKI_BACKDATE_SECONDS) &&
	       set_time(X509_getm_notAfter(cert), now, days_in_seconds(days)) &&
	       add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:1") &&
	       add_extension(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       add_extension(cert, cert, NID_subject_key_identifier, "hash") &&
	       add_extension(cert, cert, NID_authority_key_identifier, "keyid:always") &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

X509 *pki_ca_new(
	EVP_PKEY *key, const char *common_name, uint32_t days, int64_t now_ns, struct err *err)
{
	X509 *cert = NULL;

	if (!check_common_name(common_name, err))
		return NULL;
	cert = X509_new();
	if (cert != NULL && fill_ca(cert, key, common_name, days, now_ns))
		return cert;
	tls_err(err, "making the CA certificate");
	X509_free(cert);
	return NULL;
}

static bool set_validity(X509 *cert, X509 *ca, uint32_t days, int64_t now)
{
	if (!set_time(X509_getm_notBefore(cert), now, -PKI_BACKDATE_SECONDS) ||
		!set_time(X509_getm_notAfter(cert), now, days_in_seconds(days)))
		return false;
	if (ASN1_TIME_compare(X509_get0_notAfter(cert), X509_get0_notAfter(ca)) > 0)
		return X509_set1_notAfter(cert, X509_get0_notAfter(ca)) == 1;
	return true;
}

static bool fill_leaf(X509 *cert, X509 *ca, EVP_PKEY *ca_key, EVP_PKEY *subject,
	const struct pki_request *request, int64_t now)
{
	const struct profile *profile = &profiles[request->profile];

	return fill_common(cert, request->common_name, subject, ca) &&
	       set_validity(cert, ca, request->days, now) &&
	       add_extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(cert, ca, NID_key_usage, profile->key_usage) &&
	       add_extension(cert, ca, NID_ext_key_usage, profile->extended_key_usage) &&
	       add_extension(cert, ca, NID_subject_key_identifier, "hash") &&
	       add_extension(cert, ca, NID_authority_key_identifier, "keyid:always") &&
	       add_alternative_names(cert, request) &&
	       X509_sign(cert, ca_key, EVP_sha256()) > 0;
}

static bool ca_can_issue(X509 *ca, int64_t now_ns, struct err *err)
{
	time_t now = (time_t)(now_ns / CLOCK_NS_PER_S);

	if (X509_check_ca(ca) != 1)
		return err_set(err, "the CA's certificate is not one of a CA");
	if (X509_cmp_time(X509_get0_notAfter(ca), &now) <= 0)
		return err_set(err, "the CA's certificate has expired");
	return true;
}

X509 *pki_issue(X509 *ca, EVP_PKEY *ca_key, EVP_PKEY *subject,
	const struct pki_request *request, int64_t now_ns, struct err *err)
{
	X509 *cert = NULL;

	if (!pki_check_request(request, err) || !ca_can_issue(ca, now_ns, err))
		return NULL;
	cert = X509_new();
	if (cert != NULL && fill_leaf(cert, ca, ca_key, subject, request, now_ns))
		return cert;
	tls_err(err, "making the certificate");
	X509_free(cert);
	return NULL;
}

/* ---- CRLs ---------------------------------------------------------------------- */

static bool set_revoked_serial(X509_REVOKED *entry, const char *hexadecimal)
{
	BIGNUM *number = NULL;
	ASN1_INTEGER *serial = NULL;
	bool ok = BN_hex2bn(&number, hexadecimal) == (int)strlen(hexadecimal);

	if (ok) {
		serial = BN_to_ASN1_INTEGER(number, NULL);
		ok = serial != NULL && X509_REVOKED_set_serialNumber(entry, serial) == 1;
	}
	ASN1_INTEGER_free(serial);
	BN_free(number);
	return ok;
}

static bool set_revoked_time(X509_REVOKED *entry, int64_t at_ns)
{
	ASN1_TIME *at = ASN1_TIME_new();
	bool ok = at != NULL && set_time(at, at_ns, 0) &&
		  X509_REVOKED_set_revocationDate(entry, at) == 1;

	ASN1_TIME_free(at);
	return ok;
}

static bool set_revoked_reason(X509_REVOKED *entry, int reason)
{
	ASN1_ENUMERATED *code = NULL;

	if (reason == 0) /* "should be absent instead of unspecified" (RFC 5280 5.3.1) */
		return true;
	code = ASN1_ENUMERATED_new();
	bool ok = code != NULL && ASN1_ENUMERATED_set(code, reason) == 1 &&
		  X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, code, 0, 0) == 1;
	ASN1_ENUMERATED_free(code);
	return ok;
}

static bool add_revoked(X509_CRL *crl, const struct pki_revoked *revoked)
{
	X509_REVOKED *entry = X509_REVOKED_new();

	if (entry != NULL && set_revoked_serial(entry, revoked->serial) &&
		set_revoked_time(entry, revoked->at_ns) &&
		set_revoked_reason(entry, revoked->reason) &&
		X509_CRL_add0_revoked(crl, entry) == 1)
		return true;
	X509_REVOKED_free(entry);
	return false;
}

static bool set_crl_number(X509_CRL *crl, uint64_t number)
{
	ASN1_INTEGER *value = ASN1_INTEGER_new();
	bool ok = value != NULL && ASN1_INTEGER_set_uint64(value, number) == 1 &&
		  X509_CRL_add1_ext_i2d(crl, NID_crl_number, value, 0, 0) == 1;

	ASN1_INTEGER_free(value);
	return ok;
}

static bool set_crl_authority(X509_CRL *crl, X509 *ca)
{
	X509V3_CTX ctx;
	bool ok = false;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, ca, NULL, NULL, crl, 0);
	X509_EXTENSION *extension =
		X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid:always");
	if (extension != NULL)
		ok = X509_CRL_add_ext(crl, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

static bool set_crl_times(X509_CRL *crl, uint32_t days, int64_t now)
{
	ASN1_TIME *at = ASN1_TIME_new();
	bool ok = at != NULL && set_time(at, now, -PKI_BACKDATE_SECONDS) &&
		  X509_CRL_set1_lastUpdate(crl, at) == 1 &&
		  set_time(at, now, days_in_seconds(days)) &&
		  X509_CRL_set1_nextUpdate(crl, at) == 1;

	ASN1_TIME_free(at);
	return ok;
}

X509_CRL *pki_crl_new(X509 *ca, EVP_PKEY *ca_key, const struct pki_revoked *revoked,
	size_t n_revoked, uint64_t number, uint32_t days, int64_t now_ns, struct err *err)
{
	X509_CRL *crl = X509_CRL_new();
	bool ok = crl != NULL && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
		  X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca)) == 1 &&
		  set_crl_times(crl, days, now_ns);

	for (size_t i = 0; ok && i < n_revoked; i++)
		ok = add_revoked(crl, &revoked[i]);
	ok = ok && X509_CRL_sort(crl) == 1 && set_crl_number(crl, number) &&
	     set_crl_authority(crl, ca) && X509_CRL_sign(crl, ca_key, EVP_sha256()) > 0;
	if (ok)
		return crl;
	tls_err(err, "making the CRL");
	X509_CRL_free(crl);
	return NULL;
}

uint64_t pki_crl_number(X509_CRL *crl)
{
	ASN1_INTEGER *value = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	uint64_t number = 0;

	if (value == NULL || ASN1_INTEGER_get_uint64(&number, value) != 1)
		number = 0;
	ASN1_INTEGER_free(value);
	ERR_clear_error();
	return number;
}

/* ---- requests ------------------------------------------------------------------ */

static BIO *bio_over(struct slice pem, struct err *err)
{
	BIO *bio = NULL;

	if (pem.len > PKI_CRL_MAX) {
		err_set(err, "%zu bytes of PEM text", pem.len);
		return NULL;
	}
	bio = BIO_new_mem_buf(pem.len > 0 ? pem.ptr : "", (int)pem.len);
	if (bio == NULL)
		tls_err(err, "PEM");
	return bio;
}

static int no_passphrase(char *buf, int size, int writing, void *user)
{
	(void)buf, (void)size, (void)writing, (void)user;
	return -1;
}

EVP_PKEY *pki_csr_key(struct slice pem, struct err *err)
{
	BIO *bio = bio_over(pem, err);
	X509_REQ *csr = NULL;
	EVP_PKEY *key = NULL;

	if (bio == NULL)
		return NULL;
	csr = PEM_read_bio_X509_REQ(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (csr == NULL) {
		tls_err(err, "not a certificate signing request");
		return NULL;
	}
	key = X509_REQ_get_pubkey(csr);
	if (key == NULL || X509_REQ_verify(csr, key) != 1) {
		tls_err(err, "the request is not signed with its own key");
		EVP_PKEY_free(key);
		key = NULL;
	} else if (EVP_PKEY_get_security_bits(key) < KEY_BITS_MIN) {
		err_set(err, "the request's key is too weak: %d bits of security, %d needed",
			EVP_PKEY_get_security_bits(key), KEY_BITS_MIN);
		EVP_PKEY_free(key);
		key = NULL;
	}
	X509_REQ_free(csr);
	return key;
}

/* ---- PEM ----------------------------------------------------------------------- */

/* Moves what was written into `out`; frees the BIO. */
static bool take_text(BIO *bio, bool written, struct strbuf *out, struct err *err)
{
	char *text = NULL;
	long len = 0;

	if (!written) {
		BIO_free(bio);
		return tls_err(err, "writing PEM");
	}
	len = BIO_get_mem_data(bio, &text);
	strbuf_add(out, slice_of(text, (size_t)len));
	BIO_free(bio);
	return !out->overflow || err_set(err, "PEM text over %zu bytes", out->limit);
}

bool pki_cert_pem(X509 *cert, struct strbuf *out, struct err *err)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return take_text(bio, bio != NULL && PEM_write_bio_X509(bio, cert) == 1, out, err);
}

/* The BIO wipes its copy. */
bool pki_key_pem(EVP_PKEY *key, struct strbuf *out, struct err *err)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	bool ok = bio != NULL &&
		  PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;

	return take_text(bio, ok, out, err);
}

bool pki_crl_pem(X509_CRL *crl, struct strbuf *out, struct err *err)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return take_text(bio, bio != NULL && PEM_write_bio_X509_CRL(bio, crl) == 1, out, err);
}

X509 *pki_cert_read(struct slice pem, struct err *err)
{
	BIO *bio = bio_over(pem, err);
	X509 *cert = NULL;

	if (bio == NULL)
		return NULL;
	cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	if (cert == NULL)
		tls_err(err, "not a certificate");
	BIO_free(bio);
	return cert;
}

EVP_PKEY *pki_key_read(struct slice pem, struct err *err)
{
	BIO *bio = bio_over(pem, err);
	EVP_PKEY *key = NULL;

	if (bio == NULL)
		return NULL;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (key == NULL)
		tls_err(err, "not an unencrypted private key");
	BIO_free(bio);
	return key;
}

X509_CRL *pki_crl_read(struct slice pem, struct err *err)
{
	BIO *bio = bio_over(pem, err);
	X509_CRL *crl = NULL;

	if (bio == NULL)
		return NULL;
	crl = PEM_read_bio_X509_CRL(bio, NULL, no_passphrase, NULL);
	if (crl == NULL)
		tls_err(err, "not a CRL");
	BIO_free(bio);
	return crl;
}
