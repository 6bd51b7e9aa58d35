import Testing
import XML
import XMPP

/// RFC 5646, 2.1 and its appendix A.
struct LanguageTagTests {
  @Test(arguments: [
    "de", "en-US", "zh-Hant", "zh-cmn-Hans-CN", "yue-HK", "sr-Latn-RS", "sl-rozaj-biske", "de-CH-1901", "hy-Latn-IT-arevela", "es-419",
    "de-CH-x-phonebk", "x-whatever", "qaa-Qaaa-QM-x-southern", "en-a-myext-b-another", "en-u-islamcal", "i-klingon", "EN-GB-OED",
    "art-lojban", "zh-min-nan", "abcdefgh",
  ])
  func isWellFormed(_ tag: String) { #expect(LanguageTag.isWellFormed(Text(tag))) }

  @Test(arguments: [
    "", "x", "x-", "-", "de-", "-de", "de--CH", "de_CH", "d", "abcdefghi", "de-419-DE", "a-DE", "ar-a-aaa-b", "en-a", "de CH", "dé", "12",
    "de-x",
    "en-x-abcdefghi", "english-", "no such language", "de-DE-DE", "zh-abc-def-ghi-jkl", "en\n", "i-nothing-else-at-all-that-fits-in-here",
    "sl-rozaj-biske-rozaj-biske-rozaj-bis",
  ])
  func isNot(_ tag: String) { #expect(!LanguageTag.isWellFormed(Text(tag))) }
}
