// Package meaning places texts in a space in which those that mean alike are near each other,
// although they share no word: "my rabbit stopped pooping" near a passage on a gut that
// stands still.
//
// A word begins where it stands among all of English ([Vectors], made from public text) and
// is moved by training to where the words of the questions stand that one passage answers
// ([Train]). A text is the weighted sum of its words: there is no network to run, and a text
// of 20 words takes microseconds. The package knows neither guides nor pets.
package meaning
