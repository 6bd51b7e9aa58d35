extension ReportPage {
  static let script = #"""
    """#
}
