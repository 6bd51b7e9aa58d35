// Debian's libxml2 is built with ICU, and its headers would pull in ICU's, which clash with the copy inside Foundation. What
// depends on it is at the end of a structure that we never touch.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <libxml/xmlerror.h>
