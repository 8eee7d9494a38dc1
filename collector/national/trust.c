#include "collector/national/trust.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "common/file.h"

enum { P256_SIZE = 32, PSS_SALT = 32, CHAIN_DEPTH_MAX = 8 };

static void free_certificates(STACK_OF(X509) * certificates)
{
	sk_X509_pop_free(certificates, X509_free);
}

static STACK_OF(X509) * read_certificates(struct slice pem)
{
	STACK_OF(X509) *certificates = sk_X509_new_null();
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	X509 *next;

	while ((next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		sk_X509_push(certificates, next);
	ERR_clear_error();
	BIO_free(bio);
	return certificates;
}

STACK_OF(X509) * trust_load(const char *path, struct err *err)
{
	struct strbuf pem = STRBUF_INIT(TRUST_FILE_MAX);
	STACK_OF(X509) *certificates = NULL;

	if (file_read(path, &pem, err)) {
		certificates = read_certificates(strbuf_slice(&pem));
		if (sk_X509_num(certificates) == 0) {
			err_set(err, "%s: no certificate (PEM) in it", path);
			free_certificates(certificates);
			certificates = NULL;
		}
	}
	strbuf_done(&pem);
	return certificates;
}

/* ---- a certificate ---------------------------------------------------------- */

static const char *const document_usages[] = {
	"1.3.6.1.5.5.7.3.36",      /* documentSigning, RFC 9336 */
	"1.3.6.1.4.1.311.10.3.12", /* Microsoft document signing */
	"1.3.6.1.5.5.7.3.4",       /* emailProtection */
	"2.5.29.37.0",             /* any */
};

static bool is_document_usage(const ASN1_OBJECT *usage)
{
	char oid[64];

	OBJ_obj2txt(oid, sizeof(oid), usage, 1);
	for (size_t i = 0; i < ARRAY_LEN(document_usages); i++) {
		if (strcmp(oid, document_usages[i]) == 0)
			return true;
	}
	return false;
}

static bool extended_usage_fits(X509 *certificate)
{
	if ((X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) == 0)
		return true;
	EXTENDED_KEY_USAGE *usages =
		X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
	bool fits = false;

	for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
		fits |= is_document_usage(sk_ASN1_OBJECT_value(usages, i));
	EXTENDED_KEY_USAGE_free(usages);
	return fits;
}

static bool signs_documents(X509 *certificate)
{
	uint32_t usage = X509_get_key_usage(certificate); /* all ones when not limited */

	return (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0 &&
	       (X509_get_extension_flags(certificate) & EXFLAG_INVALID) == 0 &&
	       extended_usage_fits(certificate);
}

static bool verify_chain(STACK_OF(X509) * trusted, X509 *certificate, struct err *err)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	X509_STORE_CTX_init(context, store, certificate, NULL);
	X509_STORE_CTX_set0_trusted_stack(context, trusted);
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_DEPTH_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	bool holds = X509_verify_cert(context) == 1;
	if (!holds)
		err_set(err, "certificate: %s",
			X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	ERR_clear_error();
	return holds;
}

bool trust_holds(STACK_OF(X509) * trusted, X509 *certificate, struct err *err)
{
	if (!verify_chain(trusted, certificate, err))
		return false;
	if (!signs_documents(certificate))
		return err_set(err, "certificate: not for signing documents");
	return true;
}

void trust_thumbprint(X509 *certificate, unsigned char thumbprint[SIGNER_DIGEST_SIZE])
{
	X509_digest(certificate, EVP_sha256(), thumbprint, NULL);
}

void trust_subject(X509 *certificate, struct strbuf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
		XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	long len = BIO_get_mem_data(bio, &text);
	if (len > 0)
		strbuf_add(out, slice_of(text, (size_t)len));
	BIO_free(bio);
}

void trust_report(
	X509 *certificate, const char *algorithm, const char *ca_file, struct strbuf *report)
{
	strbuf_addf(report, "signature: valid, %s\nsigner: ", algorithm);
	trust_subject(certificate, report);
	if (ca_file != NULL)
		strbuf_addf(report, "\ncertificate: trusted by %s\n", ca_file);
	else
		strbuf_add_str(report, "\ncertificate: NOT CHECKED, the message's own was "
				       "taken: name trusted ones with --ca\n");
}

/* ---- a signature ------------------------------------------------------------ */

static bool key_fits(EVP_PKEY *key, enum signer_algorithm algorithm)
{
	char group[32];

	if (algorithm == SIGNER_ES256)
		return EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
		       strcmp(group, "prime256v1") == 0;
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
	       EVP_PKEY_get_bits(key) >= TRUST_RSA_BITS_MIN;
}

/* r || s to the DER that OpenSSL wants. */
static int ecdsa_der(struct slice signature, unsigned char **der)
{
	if (signature.len != (size_t)2 * P256_SIZE)
		return -1;
	const unsigned char *bytes = (const unsigned char *)signature.ptr;
	ECDSA_SIG *pair = ECDSA_SIG_new();

	ECDSA_SIG_set0(pair, BN_bin2bn(bytes, P256_SIZE, NULL),
		BN_bin2bn(bytes + P256_SIZE, P256_SIZE, NULL));
	int len = i2d_ECDSA_SIG(pair, der);
	ECDSA_SIG_free(pair);
	return len;
}

static bool set_padding(EVP_PKEY_CTX *context, enum signer_algorithm algorithm)
{
	switch (algorithm) {
	case SIGNER_ES256:
		return true;
	case SIGNER_RS256:
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
	case SIGNER_PS256:
		return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, PSS_SALT) > 0;
	}
	return false;
}

static bool verify(EVP_PKEY *key, enum signer_algorithm algorithm, const unsigned char *digest,
	const unsigned char *signature, size_t len)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	bool right = EVP_PKEY_verify_init(context) > 0 && set_padding(context, algorithm) &&
		     EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0 &&
		     EVP_PKEY_verify(context, signature, len, digest, SIGNER_DIGEST_SIZE) == 1;

	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	return right;
}

bool trust_signature(X509 *certificate, enum signer_algorithm algorithm,
	const unsigned char digest[SIGNER_DIGEST_SIZE], struct slice signature)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	if (key == NULL || !key_fits(key, algorithm))
		return false;
	if (algorithm != SIGNER_ES256)
		return verify(key, algorithm, digest, (const unsigned char *)signature.ptr,
			signature.len);

	unsigned char *der = NULL;
	int len = ecdsa_der(signature, &der);
	bool right = len > 0 && verify(key, algorithm, digest, der, (size_t)len);

	OPENSSL_free(der);
	return right;
}
