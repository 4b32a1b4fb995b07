//! Lines that are drawn anew over themselves, by plain escape sequences: nothing but these lines is drawn over.

/// Remembers how many lines stand in the terminal.
#[derive(Debug, Default)]
pub struct Drawing {
    drawn_lines: usize,
}

impl Drawing {
    /// What to write so that these lines stand where those before them stood.
    pub fn over(&mut self, lines: &[String]) -> String {
        let mut text = match self.drawn_lines {
            0 => String::new(),
            drawn => format!("\x1b[{drawn}A"),
        };
        for line in lines {
            // Each line is cleared to its end, so that a shorter one leaves nothing behind.
            text += &format!("{line}\x1b[K\n");
        }
        // Of more lines than now, the rest is cleared.
        text += "\x1b[J";
        self.drawn_lines = lines.len();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_stands_where_the_last_stood() {
        let mut drawing = Drawing::default();
        let lines = ["a".to_owned(), "b".to_owned()];
        assert_eq!(drawing.over(&lines), "a\x1b[K\nb\x1b[K\n\x1b[J");
        assert_eq!(drawing.over(&lines[..1]), "\x1b[2Aa\x1b[K\n\x1b[J");
        assert_eq!(drawing.over(&[]), "\x1b[1A\x1b[J");
    }
}
