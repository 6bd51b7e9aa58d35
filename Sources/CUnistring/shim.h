#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>
#include <uniwidth.h>

/* What Swift can't import: macros, and variables of an incomplete type. */

/* The UC_CATEGORY_MASK_ bit of the character. */
static inline uint32_t spondee_category(ucs4_t c) { return uc_general_category(c).bitmask; }

/* These three return a buffer to be freed with spondee_free, or NULL. */
static inline uint8_t *spondee_nfc(const uint8_t *s, size_t n, size_t *length) {
  return u8_normalize(UNINORM_NFC, s, n, NULL, length);
}
static inline uint8_t *spondee_nfkc(const uint8_t *s, size_t n, size_t *length) {
  return u8_normalize(UNINORM_NFKC, s, n, NULL, length);
}
/* Of no language, so that Turkish does as others do. */
static inline uint8_t *spondee_lower(const uint8_t *s, size_t n, size_t *length) {
  return u8_tolower(s, n, NULL, NULL, NULL, length);
}
static inline void spondee_free(uint8_t *buffer) { free(buffer); }

/* What a fullwidth or halfwidth character stands for; others stand for themselves. */
static inline ucs4_t spondee_standard_width(ucs4_t c) {
  int tag;
  ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
  int count = uc_decomposition(c, &tag, parts);
  return count == 1 && (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW) ? parts[0] : c;
}

/* Whether the character decomposes, canonically or not. */
static inline int spondee_decomposes(ucs4_t c) {
  int tag;
  ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
  return uc_decomposition(c, &tag, parts) >= 0;
}

/* Whether the character belongs to the script of this name. */
static inline int spondee_in_script(ucs4_t c, const char *name) {
  const uc_script_t *script = uc_script(c);
  return script != NULL && strcmp(script->name, name) == 0;
}
