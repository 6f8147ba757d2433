/// Guards a JSON text before it is decoded: Foundation cuts a number of more than 38 digits without a word, and what
/// is left may look like a plain amount (`0.1` followed by 45 zeros and a 1 becomes 0.1).
package enum ExactJSON {
    /// Throws `tooManyDigits` when a number in `json` has more significant digits than an amount may have. Strings
    /// are passed over; whether the text is JSON at all is the decoder's business.
    package static func checkDigits(in json: [UInt8]) throws(AmountError) {
        var isInString = false
        var isEscaped = false
        var digits = 0
        for byte in json {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "0") where digits == 0: continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                guard digits <= ExactAmount.significantDigitsMax else {
                    throw .tooManyDigits(max: ExactAmount.significantDigitsMax)
                }
            case UInt8(ascii: "."): continue
            case UInt8(ascii: "\""): isInString = true
            default: digits = 0
            }
        }
    }
}
