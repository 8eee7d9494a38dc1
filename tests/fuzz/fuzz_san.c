/* fuzz_san - who a certificate says it is: the URI alone, and the whole extension */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "common/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted is written back as the same bytes: there is one form. */
static void check_uri(struct slice uri)
{
	struct tls_peer peer = {0};
	char text[TLS_URI_MAX];

	if (tls_identity_parse(uri, &peer) &&
		!slice_eq(slice_str(tls_identity_uri(&peer, text)), uri))
		abort();
}

static X509 *cert_with(const uint8_t *data, size_t size)
{
	X509 *cert = X509_new();
	ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new();

	if (cert == NULL || bytes == NULL || ASN1_OCTET_STRING_set(bytes, data, (int)size) != 1)
		abort();
	X509_EXTENSION *extension =
		X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, bytes);
	if (extension == NULL || X509_add_ext(cert, extension, -1) != 1 ||
		ASN1_INTEGER_set(X509_get_serialNumber(cert), 7) != 1)
		abort();
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(bytes);
	return cert;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_peer peer = {0};
	char uri[TLS_URI_MAX];

	check_uri(slice_of(data, size));
	if (size > TLS_CHAIN_BYTES_MAX)
		return 0;
	X509 *cert = cert_with(data, size);
	if (tls_identity_of(cert, &peer, NULL))
		check_uri(slice_str(tls_identity_uri(&peer, uri)));
	X509_free(cert);
	ERR_clear_error();
	return 0;
}
