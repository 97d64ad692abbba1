//! A guess at an encoding, for files that are no Unicode and whose profile names none.
//!
//! The East Asian encodings are told apart by what they decode to: each has its common characters in one place, in
//! the order of their frequency, and text read in the wrong one falls into its rare ones. chardetng, which does well
//! with the scripts of one byte, is bad at short Chinese texts, so it is asked only where none of them fits. A few
//! broken bytes do not make a text one of another encoding: it is damaged, and whoever reads it on finds out where.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, DecoderResult, EUC_JP, EUC_KR, Encoding, GB18030, SHIFT_JIS, UTF_16BE, UTF_16LE, WINDOWS_1252,
};

/// How well bytes read as text of an encoding; the higher, the better.
type Score = fn(&[u8]) -> i64;

/// Sound characters for one broken byte from which a text is taken to be damaged, in UTF-8 or an East Asian encoding.
const DAMAGED: usize = 4;

/// One in how many bytes beyond ASCII stands below C0, at least, in a damaged text of an East Asian encoding: those of one
/// byte have their letters above.
const BELOW_C0: usize = 5;

/// Average score of a character, in hundredths, from which an East Asian encoding is believed.
const BELIEVED: i64 = 40;

/// Guesses the encoding of a text that is not UTF-8 from a part of it; none where nothing fits it, or where it is UTF-8
/// with broken bytes in it.
///
/// `sample` is the file's beginning and what surrounds its first bytes beyond ASCII; `whole` says that it is all.
pub fn encoding(sample: &[u8], whole: bool) -> Option<&'static Encoding> {
    if let Some(wide) = without_mark(sample) {
        return Some(wide);
    }
    let (valid, broken) = utf8_sequences(sample);
    if sample.contains(&0) || valid >= DAMAGED * broken.max(1) {
        return None;
    }
    of_east_asia(sample, whole).or_else(|| of_one_byte(sample, whole))
}

/// The East Asian encoding whose common characters a text holds, sound if there is one, else damaged.
fn of_east_asia(sample: &[u8], whole: bool) -> Option<&'static Encoding> {
    let candidates: [(&'static Encoding, Score); 5] = [
        (GB18030, of_gb18030),
        (BIG5, of_big5),
        (SHIFT_JIS, of_shift_jis),
        (EUC_KR, of_euc_kr),
        (EUC_JP, of_euc_jp),
    ];
    let read = candidates.map(|(encoding, of)| (Read::of(sample, whole, encoding, of), encoding));
    let best = |may: fn(&Read) -> bool| {
        let fitting = read.iter().filter(|(read, _)| read.sound > 0 && may(read)).rev();
        let (best, encoding) = fitting.max_by_key(|(read, _)| read.average())?;
        (best.average() >= BELIEVED).then_some(*encoding)
    };
    best(|read| read.broken == 0).or_else(|| best(Read::is_damaged))
}

/// UTF-16 whose byte order mark is missing: the zeros of its ASCII stand on one side only.
fn without_mark(sample: &[u8]) -> Option<&'static Encoding> {
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let encoding = match (even, odd) {
        (0, 2..) => UTF_16LE,
        (2.., 0) => UTF_16BE,
        _ => return None,
    };
    let text = &sample[..sample.len() & !1];
    let enough = (even + odd) * 20 >= sample.len();
    (enough && encoding.decode_without_bom_handling_and_without_replacement(text).is_some())
        .then_some(encoding)
}

/// Sequences beyond ASCII that are UTF-8, and bytes that are not.
fn utf8_sequences(sample: &[u8]) -> (usize, usize) {
    let chunks = sample.utf8_chunks();
    chunks.fold((0, 0), |(valid, broken), chunk| {
        let beyond = chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        (valid + beyond, broken + usize::from(!chunk.invalid().is_empty()))
    })
}

/// What a text comes to in an encoding.
#[derive(Default)]
struct Read {
    /// Characters beyond ASCII.
    sound: usize,
    /// Bytes that begin none.
    broken: usize,
    /// Bytes beyond ASCII, and those of them below C0.
    beyond: usize,
    below: usize,
    /// The scores of all characters together.
    ///
    /// They are of the characters' bytes, because frequency orders the code tables, not Unicode.
    sum: i64,
}

impl Read {
    fn of(sample: &[u8], whole: bool, encoding: &'static Encoding, of: Score) -> Read {
        let (mut read, mut run, mut at) = (Read::default(), Read::default(), 0);
        while at < sample.len() {
            let rest = &sample[at..];
            let character = &rest[..character_length(encoding, rest)];
            if rest[0] < 0x80 {
                read.end(&mut run);
                at += 1;
            } else if is_sound(encoding, character) {
                let score = of(character);
                let is_in_word = stands_in_a_word(encoding, sample, at, character.len());
                run.see(character, if is_in_word { score.min(0) } else { score });
                at += character.len();
            } else if !whole && rest.len() < 4 {
                // A sample may end within a character.
                break;
            } else {
                run.broken += 1;
                at += 1;
            }
        }
        read.end(&mut run);
        read
    }

    /// Takes up a run of characters beyond ASCII. Where one of its bytes is broken, the others say little: they may be
    /// halves of two characters.
    fn end(&mut self, run: &mut Read) {
        let run = std::mem::take(run);
        self.broken += run.broken;
        if run.broken == 0 {
            self.sound += run.sound;
            self.sum += run.sum;
            self.beyond += run.beyond;
            self.below += run.below;
        }
    }

    fn see(&mut self, character: &[u8], score: i64) {
        self.sound += 1;
        self.sum += score;
        self.beyond += character.iter().filter(|byte| **byte >= 0x80).count();
        self.below += character.iter().filter(|byte| (0x80..0xc0).contains(*byte)).count();
    }

    fn average(&self) -> i64 {
        self.sum / self.sound.max(1) as i64
    }

    fn is_damaged(&self) -> bool {
        self.sound >= DAMAGED * self.broken && self.below * BELOW_C0 >= self.beyond
    }
}

/// Whether those bytes are one character of that encoding.
fn is_sound(encoding: &'static Encoding, character: &[u8]) -> bool {
    let mut text = [0; 16];
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (result, ..) = decoder.decode_to_utf8_without_replacement(character, &mut text, true);
    matches!(result, DecoderResult::InputEmpty)
}

/// Whether what would be a character stands alone beside a letter of ASCII: then it is rather an accent or an apostrophe
/// of western text with what follows it, such as in `Álvarez`, `Íñigo` and `Bachelor’s`, and speaks for no encoding.
fn stands_in_a_word(encoding: &'static Encoding, text: &[u8], at: usize, length: usize) -> bool {
    let byte = |at: Option<usize>| at.and_then(|at| text.get(at)).copied().unwrap_or(b'\n');
    let (before, last, after) =
        (byte(at.checked_sub(1)), byte(Some(at + length - 1)), byte(Some(at + length)));
    // What is before it may be the end of another such character.
    let is_alone = [before, byte(at.checked_sub(2)), after].is_ascii();
    // A common character of these two begins below C6, and western text hardly has another byte beyond ASCII after that.
    let is_doubtful = last.is_ascii_alphabetic() || ![BIG5, SHIFT_JIS].contains(&encoding);
    is_alone && is_doubtful && (before.is_ascii_alphabetic() || after.is_ascii_alphabetic())
}

/// Bytes of the character that a sound text of that encoding begins with.
fn character_length(encoding: &'static Encoding, text: &[u8]) -> usize {
    let length = match (text[0], encoding) {
        (..0x80, _) => 1,
        (0xa1..=0xdf, encoding) if encoding == SHIFT_JIS => 1,
        (0x80, encoding) if encoding == SHIFT_JIS || encoding == GB18030 => 1,
        (0x8f, encoding) if encoding == EUC_JP => 3,
        (_, encoding) if encoding == GB18030 && text.get(1).is_some_and(u8::is_ascii_digit) => 4,
        _ => 2,
    };
    length.min(text.len())
}

/// Level 1 of GB 2312 holds the 3,755 commonest characters at B0A1–D7F9; its level 2 ends at F7FE.
fn of_gb18030(character: &[u8]) -> i64 {
    match character {
        [0xb0..=0xd7, 0xa1..=0xfe] => 100,
        [0xd8..=0xf7, 0xa1..=0xfe] => 20,
        [0xa1..=0xa3, 0xa1..=0xfe] => 50,
        [0xa4..=0xa9, 0xa1..=0xfe] => -50,
        _ => -100,
    }
}

/// Level 1 of Big5 holds the 5,401 common characters at A440–C67E; symbols stand before it, level 2 after it.
fn of_big5(character: &[u8]) -> i64 {
    match character {
        [0xa4..=0xc6, _] => 100,
        [0xc9..=0xf9, _] => -30,
        [0xa1..=0xa3, _] => 50,
        _ => -100,
    }
}

/// Kana at 829F–8396, kanji of level 1 at 889F–9872; a single byte is kana of half width, which names rarely hold.
fn of_shift_jis(character: &[u8]) -> i64 {
    match character {
        [0x82, 0x9f..=0xf1] | [0x83, 0x40..=0x96] => 110,
        [0x88..=0x97, _] | [0x98, ..=0x72] => 100,
        [0x81, _] | [0x82, _] => 50,
        [0x98..=0x9f, _] | [0xe0..=0xea, _] => -20,
        [_] => -70,
        _ => -100,
    }
}

/// Hangul at B0A1–C8FE; hanja, rare by now, at CAA1–FDFE. A text all in Hangul is Korean: Chinese has a
/// quarter to a half of its characters beyond C8.
fn of_euc_kr(character: &[u8]) -> i64 {
    match character {
        [0xb0..=0xc8, 0xa1..=0xfe] => 105,
        [0xa1..=0xa3, 0xa1..=0xfe] => 50,
        [0xca..=0xfd, 0xa1..=0xfe] => -100,
        _ => -100,
    }
}

/// Kana at A4A1–A5F6, which no Japanese table lacks; kanji of level 1 at B0A1–CFD3.
fn of_euc_jp(character: &[u8]) -> i64 {
    match character {
        [0xa4..=0xa5, 0xa1..=0xfe] => 180,
        [0xb0..=0xcf, 0xa1..=0xfe] => 60,
        [0xa1..=0xa3, 0xa1..=0xfe] => 40,
        _ => -60,
    }
}

/// An encoding of one byte a character, by the statistics of chardetng; western where it says nothing of the kind.
fn of_one_byte(sample: &[u8], whole: bool) -> Option<&'static Encoding> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, whole);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let guess = if guess.is_single_byte() { guess } else { WINDOWS_1252 };
    // WHATWG gives every byte a character; a control among those from 80 to 9F means that it is none.
    let (text, _) = guess.decode_without_bom_handling(sample);
    let sound = text.chars().all(|c| !('\u{80}'..='\u{9f}').contains(&c) && c != '\u{fffd}');
    // Where all of a text reads the same in both, the commoner of the two is named.
    let is_western = whole && text == WINDOWS_1252.decode_without_bom_handling(sample).0;
    sound.then_some(if is_western { WINDOWS_1252 } else { guess })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(text: &str, encoding: &'static Encoding) -> Option<&'static str> {
        let (bytes, _, lossy) = encoding.encode(text);
        assert!(!lossy, "{text}");
        super::encoding(&bytes, true).map(Encoding::name)
    }

    /// Headers and a few rows, as short as the files of partners are.
    #[test]
    fn short_tables_of_each_kind_are_known() {
        let cases = [
            ("学号,姓名,课程代码,学分\n0012,李雷,C1,3\n", GB18030),
            ("姓名,成绩\n王芳,合格\n", GB18030),
            ("学习卡号,课程名称,发证机构,获得日期,学分\nL1,数据结构,蓝江大学,2024-01-31,2.5\n", GB18030),
            ("學號,姓名,課程名稱,學分\n001,陳大文,資料結構,3\n", BIG5),
            ("姓名,成績\n林美玲,及格\n", BIG5),
            ("学籍番号,氏名,科目名,単位数\n001,山田太郎,データ構造,2.0\n", SHIFT_JIS),
            ("氏名,単位\n佐藤はな,2\n", SHIFT_JIS),
            ("科目番号,科目名,標準履修年次\n1A,情報リテラシー,1\n", EUC_JP),
            ("학번,이름,과목명,학점\n001,김민수,자료구조,3\n", EUC_KR),
            ("이름,학점\n홍길동,3\n", EUC_KR),
            ("Nr;Name;Kurs;Punkte\n1;Müller;Einführung;2,5\n", WINDOWS_1252),
            ("nom,prénom\nLefèvre,André\n", WINDOWS_1252),
            ("Name,Fee\nJosé,€5\n", WINDOWS_1252),
            ("Álvarez,Ángel\n", WINDOWS_1252),
            ("apellido,nombre\nÁlvarez,Ángel\nÁvila,Álvaro\n", WINDOWS_1252),
            ("NOMBRE,CURSO\nÁNGEL GARCÍA,ÁLGEBRA\n", WINDOWS_1252),
            ("Name;Fach\nÄrzte;Ästhetik\n", WINDOWS_1252),
            ("nome,curso\nJoão Conceição,Introdução às Ações\nÍris Araújo,Ética\n", WINDOWS_1252),
            ("nom,titre\nHélène Noël,Études créées l’année dernière\n", WINDOWS_1252),
            ("nombre,curso\nÍñigo,Literatura\nÍñigo,Bachelor’s degree\n", WINDOWS_1252),
            ("id,award\n1,Bachelor’s degree\n2,Master’s degree\n", WINDOWS_1252),
            ("имя,курс\nИванов Иван,Математика\n", encoding_rs::WINDOWS_1251),
            ("ФИО,КУРС\nИВАНОВ ИВАН,МАТЕМАТИКА\nПетров Пётр,Физика\n", encoding_rs::WINDOWS_1251),
            ("όνομα,μάθημα\nΠαπαδόπουλος Γιώργος,Μαθηματικά\n", encoding_rs::WINDOWS_1253),
        ];
        for (text, encoding) in cases {
            assert_eq!(guessed(text, encoding), Some(encoding.name()), "{text}");
        }
    }

    #[test]
    fn utf_16_without_its_mark_is_known_by_its_zeros() {
        let wide = |text: &str, big: bool| -> Vec<u8> {
            let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            text.encode_utf16().flat_map(bytes).collect()
        };
        assert_eq!(encoding(&wide("id,名\n1,李\n", false), true), Some(UTF_16LE));
        assert_eq!(encoding(&wide("id,名\n1,李\n", true), true), Some(UTF_16BE));
        assert_eq!(encoding(b"a,b\n\0,\n\xff", true), None);
    }

    #[test]
    fn broken_utf_8_is_not_guessed_to_be_something_else() {
        assert_eq!(encoding("姓名,学分\n李雷,3\n\u{e9}".as_bytes(), true), None);
        let mut text = "姓名,学分\n李雷,3\n".as_bytes().to_vec();
        text.extend(b"\xe6\x9d,4\n");
        assert_eq!(encoding(&text, true), None);
    }

    #[test]
    fn a_few_broken_bytes_make_no_text_one_of_another_encoding() {
        let cases = [
            ("id,title\n001,数据结构与算法\n002,高等数学\n", GB18030),
            ("id,title\n001,資料結構與演算法\n002,高等微積分\n", BIG5),
            ("id,title\n001,データ構造\n002,情報リテラシー\n", SHIFT_JIS),
            ("id,title\n001,자료구조와 알고리즘\n002,미적분학\n", EUC_KR),
            ("id,title\n001,データ構造\n002,情報リテラシー\n", EUC_JP),
        ];
        for (text, encoding) in cases {
            let (mut bytes, ..) = encoding.encode(text);
            let bytes = bytes.to_mut();
            bytes.extend(b"003,\xff\x20\n");
            assert_eq!(super::encoding(bytes, true), Some(encoding), "{text}");
            // Where most is broken, nothing is damaged.
            bytes.extend(b"\xff\x20,".repeat(8));
            assert_ne!(super::encoding(bytes, true), Some(encoding), "{text}");
        }
    }
}
