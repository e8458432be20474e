{{
    top(
        'recording_key', days_of('recording_key'), ref('dim_recording'),
        {'track_name': 'n.recording_name', 'artist_name': 'n.artist_name'}
    )
}}
