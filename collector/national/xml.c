#include "collector/national/xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlschemas.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

/* ---- what may be loaded ------------------------------------------------------------ */

/* Whose schemas this thread is reading; NULL: nothing may be loaded. */
static _Thread_local const struct national_profile *loading;

static xmlParserInput *own_schema(xmlParserCtxt *context, const char *name)
{
	struct strbuf text = STRBUF_INIT(PROFILE_DOCUMENT_MAX);
	xmlParserInputBuffer *buffer = NULL;
	char path[128];
	struct err err;

	snprintf(path, sizeof(path), "schemas/%s", name);
	if (strchr(name, '/') == NULL && national_document(loading, path, &text, &err))
		buffer = xmlParserInputBufferCreateMem(
			text.ptr, (int)text.len, XML_CHAR_ENCODING_NONE);
	strbuf_done(&text);
	return buffer != NULL ? xmlNewIOInputStream(context, buffer, XML_CHAR_ENCODING_NONE)
			      : NULL;
}

static xmlParserInput *load(const char *url, const char *id, xmlParserCtxt *context)
{
	(void)id;
	return loading != NULL && url != NULL ? own_schema(context, url) : NULL;
}

static void prepare(void)
{
	xmlInitParser();
	xmlSetExternalEntityLoader(load);
}

static void prepare_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, prepare);
}

/* ---- what is not even parsed ------------------------------------------------------- */

/* Libxml2 compares every attribute of an element with every other one, and looks every prefix
 * up among all namespaces in force: documents made of them take minutes. A '<' cannot stand in
 * an attribute's value, so that between two of them stand all attributes of one element. Text
 * looks like an attribute only with a bare quote in it, and xml_escape() leaves none. */
enum { ATTRIBUTES_MAX = 1200, NAMESPACES_MAX = 256 };

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static struct slice after_blanks(struct slice text)
{
	while (text.len > 0 && is_blank(text.ptr[0]))
		text = slice_from(text, 1);
	return text;
}

/* Does `text` begin with the "=" of an attribute and its quote? */
static bool gives_value(struct slice text)
{
	if (text.len == 0 || text.ptr[0] != '=')
		return false;
	text = after_blanks(slice_from(text, 1));
	return text.len > 0 && (text.ptr[0] == '"' || text.ptr[0] == '\'');
}

static bool is_crowded(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '<')
			n = 0;
		else if (gives_value(slice_from(text, i)) && ++n > ATTRIBUTES_MAX)
			return true;
	}
	return false;
}

/* Behind "xmlns". */
static bool is_declaration(struct slice text)
{
	while (text.len > 0 && !is_blank(text.ptr[0]) &&
		memchr("=<>'\"", text.ptr[0], 5) == NULL)
		text = slice_from(text, 1); /* ":prefix" */
	return gives_value(after_blanks(text));
}

static bool has_many_namespaces(struct slice text)
{
	static const struct slice word = {SLICE_BYTES("xmlns")};
	size_t n = 0, at;

	while (n <= NAMESPACES_MAX && (at = slice_search(text, word)) < text.len) {
		bool stands_alone = at > 0 && is_blank(text.ptr[at - 1]);

		text = slice_from(text, at + word.len);
		n += stands_alone && is_declaration(text);
	}
	return n > NAMESPACES_MAX;
}

static const char *refusal(struct slice text)
{
	if (!utf8_valid(text) || memchr(text.ptr, '\0', text.len) != NULL)
		return "not UTF-8";
	if (is_crowded(text))
		return "too many attributes in one element";
	if (has_many_namespaces(text))
		return "too many namespaces";
	return NULL;
}

/* ---- reading ------------------------------------------------------------------------ */

/* libxml2 ends its sentences with a line feed. */
static struct slice words_of(const xmlError *error)
{
	struct slice words = slice_str(error->message ? error->message : "unknown mistake");

	while (words.len > 0 && words.ptr[words.len - 1] == '\n')
		words.len--;
	return words;
}

enum { WORDS_MAX = 300 };

/* What it says has names and values of the document in it: escaped as by MISTAKE_TEXT, without
 * the quotes, in pieces because that shows only the beginning of a text. */
static void add_words(struct strbuf *out, const xmlError *error)
{
	struct slice words = words_of(error);

	while (words.len > 0 && out->len < WORDS_MAX) {
		struct mistake_quote quote;
		size_t len = words.len < MISTAKE_TEXT_MAX ? words.len : MISTAKE_TEXT_MAX;

		while (len < words.len && len > 1 && (words.ptr[len] & 0xc0) == 0x80)
			len--; /* not through a character */
		struct slice shown = slice_str(mistake_text(&quote, slice_head(words, len)));
		strbuf_add(out, slice_of(shown.ptr + 1, shown.len - 2));
		words = slice_from(words, len);
	}
	if (words.len > 0)
		strbuf_add_str(out, "...");
}

static struct pos pos_of(const xmlError *error)
{
	return (struct pos){
		.line = error->line > 0 ? (unsigned)error->line : 0,
		.column = error->int2 > 0 ? (unsigned)error->int2 : 0,
	};
}

static void complain(struct mistakes *mistakes, const char *what, const xmlError *error)
{
	struct strbuf words = STRBUF_INIT(8 * WORDS_MAX);

	add_words(&words, error);
	mistake_add(mistakes, pos_of(error), "%s%s", what, strbuf_cstr(&words));
	strbuf_done(&words);
}

struct reading {
	bool has_type; /* a <!DOCTYPE> was met */
	int line;
};

/* Entities are declared in a document type: nothing of it is looked at. */
static void on_document_type(
	void *user, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
	xmlParserCtxt *context = user;
	struct reading *reading = context->_private;

	(void)name;
	(void)public_id;
	(void)system_id;
	reading->has_type = true;
	reading->line = context->input != NULL ? context->input->line : 0;
	xmlStopParser(context);
}

static xmlDoc *parse(xmlParserCtxt *context, struct slice text, struct mistakes *mistakes)
{
	struct reading reading = {0};

	context->_private = &reading;
	context->sax->internalSubset = on_document_type;
	xmlDoc *doc = xmlCtxtReadMemory(context, text.ptr, (int)text.len, NULL, "UTF-8",
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA |
			XML_PARSE_BIG_LINES);
	if (doc != NULL && !reading.has_type)
		return doc;
	xmlFreeDoc(doc);

	const xmlError *error = xmlCtxtGetLastError(context);
	if (reading.has_type)
		mistake_add(mistakes, (struct pos){.line = (unsigned)reading.line},
			"a document type (<!DOCTYPE) is not taken");
	else if (error != NULL)
		complain(mistakes, "no XML: ", error);
	else
		mistake_add(mistakes, (struct pos){0}, "no XML");
	return NULL;
}

static xmlDoc *read_any(struct slice text, struct mistakes *mistakes)
{
	xmlParserCtxt *context = xmlNewParserCtxt();

	if (context == NULL)
		abort();
	xmlDoc *doc = parse(context, text, mistakes);
	xmlFreeParserCtxt(context);
	return doc;
}

xmlDoc *xml_read_own(struct slice text, struct mistakes *mistakes)
{
	prepare_once();
	if (text.len > 0 && text.len <= XML_FILE_MAX)
		return read_any(text, mistakes);
	mistake_add(mistakes, (struct pos){0}, "%zu bytes, expected 1 to %d", text.len,
		XML_FILE_MAX);
	return NULL;
}

xmlDoc *xml_read(struct slice text, struct mistakes *mistakes)
{
	const char *why = text.len > 0 && text.len <= XML_FILE_MAX ? refusal(text) : NULL;

	if (why == NULL)
		return xml_read_own(text, mistakes);
	mistake_add(mistakes, (struct pos){0}, "%s", why);
	return NULL;
}

/* ---- schemas ------------------------------------------------------------------------ */

#if LIBXML_VERSION >= 21200
typedef const xmlError schema_error;
#else
typedef xmlError schema_error;
#endif

static void on_schema_mistake(void *user, schema_error *error)
{
	struct mistakes *mistakes = user;

	if (mistakes->n < MISTAKES_MAX)
		complain(mistakes, "", error);
	else
		mistakes->n++;
}

static xmlSchema *read_schema(
	const struct national_profile *profile, const char *name, struct mistakes *mistakes)
{
	loading = profile;
	xmlSchemaParserCtxt *context = xmlSchemaNewParserCtxt(name);
	xmlSchemaSetParserStructuredErrors(context, on_schema_mistake, mistakes);
	xmlSchema *schema = xmlSchemaParse(context);

	xmlSchemaFreeParserCtxt(context);
	loading = NULL;
	if (schema == NULL)
		mistake_add(mistakes, (struct pos){0}, "not checked: no schema %s", name);
	return schema;
}

bool xml_fits(const struct national_profile *profile, const char *name, xmlDoc *doc,
	struct mistakes *mistakes)
{
	prepare_once();
	xmlSchema *schema = read_schema(profile, name, mistakes);

	if (schema == NULL)
		return false;
	xmlSchemaValidCtxt *context = xmlSchemaNewValidCtxt(schema);
	xmlSchemaSetValidStructuredErrors(context, on_schema_mistake, mistakes);
	bool fits = xmlSchemaValidateDoc(context, doc) == 0;

	xmlSchemaFreeValidCtxt(context);
	xmlSchemaFree(schema);
	return fits;
}

/* ---- nodes -------------------------------------------------------------------------- */

static bool same(const xmlChar *a, const char *b)
{
	return a != NULL && b != NULL && strcmp((const char *)a, b) == 0;
}

bool xml_is(const xmlNode *node, const char *name, const char *namespace)
{
	if (node == NULL || node->type != XML_ELEMENT_NODE || !same(node->name, name))
		return false;
	if (namespace == NULL || node->ns == NULL)
		return namespace == NULL && node->ns == NULL;
	return same(node->ns->href, namespace);
}

xmlNode *xml_element(xmlNode *node)
{
	while (node != NULL && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

xmlNode *xml_child(const xmlNode *parent, const char *name, const char *namespace)
{
	xmlNode *node = parent != NULL ? parent->children : NULL;

	while (node != NULL && !xml_is(node, name, namespace))
		node = node->next;
	return node;
}

static void add_and_free(struct strbuf *out, xmlChar *text)
{
	if (text != NULL)
		strbuf_add_str(out, (const char *)text);
	xmlFree(text);
}

void xml_text(const xmlNode *node, struct strbuf *out)
{
	if (node != NULL)
		add_and_free(out, xmlNodeGetContent(node));
}

void xml_attribute(const xmlNode *node, const char *name, struct strbuf *out)
{
	if (node != NULL)
		add_and_free(out, xmlGetNoNsProp(node, (const xmlChar *)name));
}

/* ---- writing ------------------------------------------------------------------------ */

/* XML 1.0 section 2.2: Char; U+FFFE and U+FFFF are EF BF BE and EF BF BF. */
static bool is_char(struct slice character)
{
	unsigned char first = (unsigned char)character.ptr[0];

	if (character.len == 1)
		return first >= 0x20 || first == '\t' || first == '\n' || first == '\r';
	return !slice_eq(character, SLICE_LIT("\xef\xbf\xbe")) &&
	       !slice_eq(character, SLICE_LIT("\xef\xbf\xbf"));
}

/* Line ends and tabs are written so that attributes and line ends survive being read. */
static const char *name_of(char byte)
{
	switch (byte) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&apos;";
	case '\t':
		return "&#x9;";
	case '\n':
		return "&#xA;";
	case '\r':
		return "&#xD;";
	default:
		return NULL;
	}
}

void xml_escape(struct strbuf *out, struct slice text)
{
	while (text.len > 0) {
		size_t width = utf8_width(text);
		struct slice character = slice_head(text, width > 0 ? width : 1);
		const char *name = name_of(character.ptr[0]);

		if (width == 0 || !is_char(character))
			strbuf_add_str(out, "\xef\xbf\xbd");
		else if (name != NULL)
			strbuf_add_str(out, name);
		else
			strbuf_add(out, character);
		text = slice_from(text, character.len);
	}
}
